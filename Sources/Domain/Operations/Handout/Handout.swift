// SPDX-License-Identifier: Apache-2.0

import Approval
import Ciphers
import Clients
import KeePassHTTP
import Logging
import SecureMemory
import Vault

/// Hands logins out: the successful reply of every request that reads.
struct Handout: Sendable {
    private let vaults: VaultSet
    private let approvals: ApprovalBroker
    private let keys: KeyCheck
    private let mutes: MuteCheck
    private let permissions: StandingPermissions
    private let entries: EntryOpener
    private let counterCodes: CounterCodes
    private let deliveries: DeliveryRecorder
    private let logger: Logger
    private let used: @Sendable () -> Void

    /// Makes one that opens entries and records them by these; `used` hears of what goes out.
    init(
        vaults: VaultSet,
        approvals: ApprovalBroker,
        keys: KeyCheck,
        mutes: MuteCheck,
        permissions: StandingPermissions,
        entries: EntryOpener,
        counterCodes: CounterCodes,
        deliveries: DeliveryRecorder,
        logger: Logger,
        used: @escaping @Sendable () -> Void
    ) {
        self.vaults = vaults
        self.approvals = approvals
        self.keys = keys
        self.mutes = mutes
        self.permissions = permissions
        self.entries = entries
        self.counterCodes = counterCodes
        self.deliveries = deliveries
        self.logger = logger
        self.used = used
    }

    /// The successful reply that hands out these logins; their secrets are opened only here.
    func handOut(
        _ released: Released,
        to verified: VerifiedRequest,
        passwords: Bool = true,
        query: MatchQuery? = nil
    ) async throws(Refusal) -> OperationResult {
        // A client that has hung up gets the answer by asking again; nothing is opened until then.
        guard verified.requester.isThere else { throw .withdrawn }
        let passwords = passwords && !released.leftOut.contains(.passwords)
        var rules = verified.rules
        if released.leftOut.contains(.fields) { rules.returnsFields = false }
        func open(_ offers: [Offer], _ codes: [Int: SecretBytes] = [:]) async throws(Refusal) -> OpenedEntries
        {
            do throws(VaultError) {
                return try await entries.open(
                    offers,
                    under: rules,
                    within: verified.client.restriction,
                    passwords: passwords,
                    query: query,
                    for: verified.requester,
                    codes: codes
                )
            } catch {
                throw .vault(error)
            }
        }
        var released = released
        var opened = try await open(released.offers)
        var stays = try await stillGoOut(
            released,
            to: verified,
            hasWaited: released.code != nil || opened.wereConfirmed
        )
        var given: CounterCodes.Given?
        let wanting = opened.wantingCodes.filter { stays[$0] }
        if let number = wanting.first, wanting.count == 1 {
            given = await code(of: &released.offers[number], for: verified)
            if let given { opened = try await open(released.offers, [number: given.code]) }
            stays = zip(stays, try await stillGoOut(released, to: verified, hasWaited: true)).map { $0 && $1 }
        } else if !wanting.isEmpty {
            logger.notice("one-time codes by a counter are given for one entry at a time, and were left out")
        }
        let going = zip(opened.entries, stays).compactMap { $1 ? $0 : nil }
        released = released.keeping(stays)
        if released.offers.isEmpty, stays.contains(false), verified.rules.access == .granted {
            throw .notGranted
        }
        let handedOut = HandedOut(
            released: released,
            verified: verified,
            count: going.count,
            passwords: passwords,
            delivery: Hex.text(Randomness.bytes(4))
        )
        // Before it goes out, or it might go out unrecorded.
        if !going.isEmpty {
            used()
            // Whether it was names alone is what the person looks for in the record.
            let without = [
                passwords ? nil : "passwords",
                rules.returnsFields == verified.rules.returnsFields ? nil : "fields",
            ].compactMap(\.self)
            try await deliveries.goesOut(handedOut, uuids: going.map(\.uuid), without: without)
        }
        var reply = verified.reply(hash: await vaults.hash())
        reply.entries = going
        reply.count = going.count
        return OperationResult(
            reply: reply,
            to: verified.message,
            lease: opened.lease,
            settles: { [approvals, counterCodes, given] in
                // Before the connection's next request is read, or that would be let through by the same answer.
                if let code = handedOut.released.code { await approvals.delivered(code) }
                if let given { await counterCodes.delivered(given) }
            },
            ends: { [deliveries] outcome in deliveries.hasEnded(handedOut, outcome) }
        )
    }

    /// Which of these may still go out, once the look at them, and whatever was waited for, is over.
    private func stillGoOut(
        _ released: Released,
        to verified: VerifiedRequest,
        hasWaited: Bool
    ) async throws(Refusal) -> [Bool] {
        try await keys.check(verified)
        // The person may have denied the question about some of these with a mute, or forgotten what covers the rest.
        try await mutes.checkAgain(verified.requester)
        return zip(
            await permissions.stillPermitted(released.offers.map(\.standing)),
            await stillAsShown(released, within: verified.client.restriction, hasWaited: hasWaited)
        ).map { $0 && $1 }
    }

    /// The next code by a counter of a login, which then holds a counter if it hadn't one.
    private func code(of offer: inout Offer, for verified: VerifiedRequest) async -> CounterCodes.Given? {
        let given = await counterCodes.next(of: offer, for: verified)
        guard given != nil, !offer.login.fieldNames.contains(CounterCode.counterField) else { return given }
        offer.login.fieldNames = (offer.login.fieldNames + [CounterCode.counterField]).sorted()
        return given
    }

    /// Which of these still are what the person was shown, or what a cover was found for.
    ///
    /// An entry that somebody has changed since, and that may belong to another site by now, isn't what they allowed.
    /// Without a question, of ours or the keyring's, no time has passed.
    private func stillAsShown(
        _ released: Released,
        within restriction: ClientRestriction,
        hasWaited: Bool
    ) async -> [Bool] {
        guard hasWaited else { return released.offers.map { _ in true } }
        var indices: [String: LoginIndex] = [:]
        for store in released.offers.map(\.store) where indices[store.name] == nil {
            // What can no longer be read doesn't go out, either.
            indices[store.name] = try? await store.index().limited(to: restriction)
        }
        let stays = released.offers.map { indices[$0.store.name]?.login($0.login.id) == $0.login }
        if stays.contains(false) {
            logger.notice(
                "what was changed while it was asked about was not handed out",
                metadata: ["count": "\(stays.count { !$0 })"]
            )
        }
        return stays
    }
}
