// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import Vault

extension RequestHandler {
    /// How many names one request may bring.
    static let mostNames = 1000

    /// `get-logins-by-names`: the logins with exactly these titles.
    func getLoginsByNames(_ verified: VerifiedRequest) async throws(Refusal) -> OperationResult {
        var seen: Set<[UInt8]> = [[]]
        let names = verified.texts("Names").filter { seen.insert(Array($0.utf8)).inserted }
        guard !names.isEmpty else { throw .invalid(.missing("Names")) }
        guard names.count <= Self.mostNames else {
            throw .forbidden("At most \(Self.mostNames) names at once.")
        }
        return try await readInBulk(verified, asked: names.joined(separator: "\n"), isByEntry: true) {
            index in
            index.titled(names)
        }
    }

    /// `get-login-by-uuid`: the login with this uuid, or none.
    func getLoginByUUID(_ verified: VerifiedRequest) async throws(Refusal) -> OperationResult {
        let text = try verified.required("Uuid")
        return try await readInBulk(verified, asked: text, isByEntry: true) { index in
            LoginID(hex: text).flatMap { index.login($0) }.map { [$0] } ?? []
        }
    }

    /// `get-all-logins`: every login that may be shown, without passwords unless configured.
    func getAllLogins(_ verified: VerifiedRequest) async throws(Refusal) -> OperationResult {
        try await readInBulk(verified, asked: "", passwords: verified.rules.passwordsInGetAllLogins) {
            $0.all
        }
    }

    /// Offers by user name, or by title where that is how logins are ordered; those alike as they came.
    ///
    /// As the plugin does it: upper and lower case alike, letter by letter.
    func sorted(_ offers: [Offer]) -> [Offer] {
        let keyed = offers.enumerated().map { place, offer in
            let login = offer.login
            let name = policy.match.sortBy == .username ? login.username : login.title
            return (key: SortKey(name, inUpperCase: true), place: place, offer: offer)
        }
        return keyed.sorted { ($0.key, $0.place) < ($1.key, $1.place) }.map(\.offer)
    }

    private func readInBulk(
        _ verified: VerifiedRequest,
        asked: String,
        isByEntry: Bool = false,
        passwords: Bool = true,
        select: @Sendable (LoginIndex) -> [Login]
    ) async throws(Refusal) -> OperationResult {
        let offers: [Offer]
        do throws(Refusal) {
            offers = try await find(for: verified) { (open) async throws(Refusal) -> [Offer] in
                let isLong = !isByEntry && open.reduce(0) { $0 + $1.index.count } > BackgroundWork.fewLogins
                return try await BackgroundWork.done(beside: isLong) { () async throws(Refusal) -> [Offer] in
                    open.flatMap { vault in vault.offers(select(vault.index)) }
                }
            }
        } catch {
            // A grant may cover what is named entry by entry.
            let caller = await verified.requester.caller()
            throw await limitFirst(error, of: verified, asks: !isByEntry && asksInBulk(verified, caller))
        }
        let purpose = Purpose(asked: [asked], passwords: passwords, isByEntry: isByEntry)
        return try await BackgroundWork.done(beside: offers.count > BackgroundWork.fewLogins) {
            () async throws(Refusal) in
            let released = try await release(sorted(offers), for: purpose, to: verified)
            return try await handOut(released, to: verified, passwords: passwords)
        }
    }
}
