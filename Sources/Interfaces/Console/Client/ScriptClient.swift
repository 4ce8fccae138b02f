// SPDX-License-Identifier: Apache-2.0

import BusInterface
import DBus
import DisplayText
import KeePassHTTP
import Operations
import SecretService
import SecureMemory

/// One client of the protocol: asks the daemon over HTTP, in plain English when it fails.
struct ScriptClient: Sendable {
    let daemon: DaemonBus
    let address: DaemonAddress
    let keys: OwnKeys
    /// Which of several keys; nil for the first that works.
    let id: String?
    /// The file that the running daemon goes by, where the port was taken from another one.
    let otherFile: String?

    /// Finds port and keyring by options, the running daemon and the configuration, and uses the keys of a program; nil
    /// for those of `keybell client`.
    static func make(
        _ options: ClientOptions,
        for program: String? = nil
    ) async throws(ConsoleError) -> ScriptClient {
        let daemon = try await DaemonBus.connect()
        let state = await daemon.configuration().details
        let serving = try ServingSettings.find(options.config, state)
        let port = options.port ?? serving.port
        let keys = OwnKeys(
            keyring: try await .open(daemon, collection: serving.collection),
            server: OwnKeys.server(port: port),
            program: program
        )
        let isElsewhere = options.port == nil && state?.isOf(options.config) == false
        return ScriptClient(
            daemon: daemon,
            address: DaemonAddress(port: port, daemon: daemon),
            keys: keys,
            id: options.id,
            otherFile: isElsewhere ? state?.file : nil
        )
    }

    /// Checks whether anybody is there at all.
    ///
    /// - Throws: What to do if nobody is.
    private func findDaemon() async throws(ConsoleError) {
        do throws(ConsoleError) {
            _ = try await address.place()
        } catch .unreachable(let text) {
            throw .unreachable(otherFile.map { Self.advice(port: address.port, running: $0) } ?? text)
        }
    }

    /// What to say if nobody listens on the port in a file, but a daemon runs by another file.
    static func advice(port: UInt16, running file: String) -> String {
        "Nobody listens on port \(port): the keybelld that runs goes by \(file). Leave out --config to ask that one."
    }

    /// The items of our keys.
    ///
    /// - Throws: What to do if there isn't one, unless there may be none, or nobody to ask with it, which comes first.
    func findKeys(mayBeNone: Bool = false) async throws(ConsoleError) -> [KeyringItem] {
        try await findDaemon()
        let items = try await keys.items(id: id)
        guard mayBeNone || !items.isEmpty else { throw .refused(Self.missingAdvice(id)) }
        return items
    }

    /// Asks with our key, and accepts only a verified answer.
    ///
    /// With `associates` the person is first asked for a key where none of ours is known.
    func ask(
        _ type: RequestType,
        fields: [(name: String, value: SecretBytes)] = [],
        names: [String] = [],
        flags: [(name: String, value: Bool)] = [],
        triggerUnlock: Bool = false,
        associates: Bool = false
    ) async throws(ConsoleError) -> IncomingReply {
        let items = try await findKeys(mayBeNone: associates)
        var request = OutgoingRequest(
            type,
            fields: fields,
            names: names,
            triggerUnlock: triggerUnlock,
            flags: flags
        )
        // The first that Keybell still knows: a key that is made later for another script doesn't take over any calls.
        for item in items {
            let own = try await keys.key(in: item)
            request.id = own.id
            let reply = try await address.exchange(request, key: own.key)
            guard reply.success || reply.error != Self.unknownKey else { continue }
            if reply.success { await keys.adopt(item) }
            return try await accepted(reply)
        }
        if associates {
            let own = try await associate(proposing: id ?? keys.program)
            request.id = own.id
            return try await accepted(try await address.exchange(request, key: own.key))
        }
        let ids = items.filter(keys.isOurs).compactMap { $0.attributes["id"] }
        throw .refused(ids.isEmpty ? Self.missingAdvice(id) : Self.unknownAdvice(ids))
    }

    /// What was done, or why it wasn't.
    private func accepted(_ reply: IncomingReply) async throws(ConsoleError) -> IncomingReply {
        guard !reply.success else { return reply }
        guard reply.error != Self.unknownEntry else { throw .nothing(Self.unknownEntry) }
        throw await failure(reply.error)
    }

    /// The Id of our key, if there is one that works.
    func workingId() async throws(ConsoleError) -> String? {
        for item in try await keys.items(id: id) {
            let own = try await keys.key(in: item)
            let request = OutgoingRequest(.testAssociate, id: own.id)
            guard try await !address.exchange(request, key: own.key).success else {
                await keys.adopt(item)
                return own.id
            }
        }
        return nil
    }

    /// Gets a new key allowed by the person.
    func associate(
        proposing proposed: String?
    ) async throws(ConsoleError) -> (id: String, key: ClientKey) {
        try await findDaemon()  // before the person is told to look for a question
        let key = ClientKey.random()
        let silence = await OwnRequestLog.begin(daemon).silence()
        if silence == nil {
            Output.note(
                "Keybell asks you now; its key is \(key.fingerprint). If nothing comes up, `keybell watch` asks you here."
            )
        }
        let reply = try await address.exchange(OutgoingRequest(.associate, id: proposed), key: key)
        guard reply.success, let id = reply.id else {
            if let silence { throw silence.error(for: "key", client: proposed ?? "", now: Moment.now()) }
            throw await failure(reply.error)
        }
        // A former key of that Id goes only for one that is known to work.
        let proof = try await address.exchange(OutgoingRequest(.testAssociate, id: id), key: key)
        guard proof.success else {
            throw .refused("Keybell let the key in, but doesn't know it now; it isn't kept. Try again.")
        }
        try await keys.keep(key, id: id)
        return (id, key)
    }

    private static let unknownKey = VerificationFailure.sentence
    private static let unknownEntry = Refusal.unknownEntry
    private static let lockedVault = Refusal.lockedVault

    private static func associateCommand(_ id: String?) -> String {
        "keybell client associate" + (id.map { " --id \(ShellWord.quoting(PlainText.cleaned($0)))" } ?? "")
    }

    /// What to do if there is no key of our own, or none with this Id.
    static func missingAdvice(_ id: String?) -> String {
        let whose = id.map { " under the name \(PlainText.quoted($0))" } ?? ""
        // It may be another program's, whose key an associate would take over.
        let new = id == nil ? "" : " If another program has that name, choose a new one."
        return
            "There is no key for scripts\(whose) yet: run `\(associateCommand(id))` once, and allow it.\(new)"
    }

    /// What to do once none of these keys is known any more.
    static func unknownAdvice(_ ids: [String]) -> String {
        guard let id = ids.first, ids.count == 1 else {
            let list = ids.map { PlainText.cleaned($0) }.joined(separator: ", ")
            return "Keybell knows none of these keys any more: \(list). Say which is meant by --id, "
                + "and run `keybell client associate --id` with it to make a new one."
        }
        return "Keybell doesn't know the key of \(PlainText.cleaned(id)) any more (revoked?): "
            + "run `\(associateCommand(id))` again."
    }

    /// What the text of a failure means here.
    private func failure(_ error: String?) async -> ConsoleError {
        guard error == Self.lockedVault else { return Self.failure(error) }
        // One that can't be asked names no vault.
        return Self.failure(error, vaults: (try? await daemon.vaults(starts: false)) ?? [])
    }

    /// What the text of a failure means.
    ///
    /// - Parameters:
    ///   - error: The text.
    ///   - vaults: The vaults as the daemon tells of them.
    /// - Returns: What it means.
    static func failure(_ error: String?, vaults: [[String: Value]] = []) -> ConsoleError {
        switch error.map(PlainText.cleaned) {
        case nil, "": .refused("Keybell said no, without a reason.")
        case Refusal.denial?: .denied
        case lockedVault?: .refused(lockedAdvice(vaults))
        case let text?: .refused(text)
        }
    }

    private static func lockedAdvice(_ vaults: [[String: Value]]) -> String {
        typealias Key = VaultsInterface.Key
        let locked = vaults.filter { $0[Key.locked]?.asBool == true }.map { $0.cleanText(Key.name) }
        guard let first = locked.first else {
            return "The vault is locked: run `keybell unlock`, then try again."
        }
        guard locked.count > 1 else {
            return
                "The vault \(PlainText.name(first)) is locked: run `keybell unlock \(ShellWord.quoting(first))`, "
                + "then try again."
        }
        let names = locked.map { PlainText.name($0) }.joined(separator: ", ")
        return
            "These vaults are locked: \(names). Run `keybell unlock` with the name of the one that is wanted, or "
            + "without one for all, then try again."
    }
}
