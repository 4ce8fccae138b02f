// SPDX-License-Identifier: Apache-2.0

import DisplayText
import KeePassHTTP
import SecretService
import SecureMemory
import Settings

/// One client of the protocol: asks the daemon over HTTP, in plain English when it fails.
struct ScriptClient: Sendable {
    let address: DaemonAddress
    let keys: OwnKeys
    /// Which of several keys; nil for the first that works.
    let id: String?
    /// Whether the port is the configuration's, rather than one that was named.
    let isPortConfigured: Bool

    /// Finds port and keyring by options and configuration.
    static func make(_ options: ClientOptions) async throws(ConsoleError) -> ScriptClient {
        let configuration = try Configuration.forCommand(options.config)
        let port = options.port ?? UInt16(clamping: configuration.http.port)
        let keys = try await OwnKeys.open(
            server: OwnKeys.server(port: port),
            collection: configuration.keyring.collection
        )
        return ScriptClient(
            address: DaemonAddress(port: port),
            keys: keys,
            id: options.id,
            isPortConfigured: options.port == nil
        )
    }

    /// Checks whether anybody is there at all.
    ///
    /// - Throws: What to do if nobody is: a daemon with a port other than the configuration's has to be restarted.
    private func findDaemon() async throws(ConsoleError) {
        do throws(ConsoleError) {
            _ = try address.host()
        } catch .unreachable(let text) {
            guard isPortConfigured,
                // Without a bus there is no more to say.
                let state = try? await DaemonBus.connect().configuration().details
            else { throw .unreachable(text) }
            throw .unreachable(Self.advice(state, port: address.port) ?? text)
        } catch {
            throw error
        }
    }

    /// What to say if nobody listens on the configuration's port, but a daemon runs; nil if that one uses the same
    /// port.
    static func advice(_ state: ConfigurationDetails, port: UInt16) -> String? {
        guard !state.isCurrent || state.afterRestart.contains("http.port") else { return nil }
        return
            "Nobody listens on port \(port): keybelld runs, but was started before \(state.file) was changed. "
            + "Restart it: `systemctl --user restart keybell`. Where systemd holds the port, run `keybell socket` before."
    }

    /// The items of our keys.
    ///
    /// - Throws: What to do if there isn't one, or nobody to ask with it, which comes first.
    func findKeys() async throws(ConsoleError) -> [KeyringItem] {
        try await findDaemon()
        let items = try await keys.items(id: id)
        guard !items.isEmpty else { throw .refused(Self.missingAdvice(id)) }
        return items
    }

    /// Asks with our key, and accepts only a verified answer.
    func ask(
        _ type: RequestType,
        fields: [(name: String, value: SecretBytes)] = [],
        names: [String] = [],
        flags: [(name: String, value: Bool)] = [],
        triggerUnlock: Bool = false
    ) async throws(ConsoleError) -> IncomingReply {
        let items = try await findKeys()
        // The first that Keybell still knows: a key that is made later for another script doesn't take over any calls.
        for item in items {
            let own = try await keys.key(in: item)
            let request = OutgoingRequest(
                type,
                id: own.id,
                fields: fields,
                names: names,
                triggerUnlock: triggerUnlock,
                flags: flags
            )
            let reply = try await address.exchange(request, key: own.key)
            if reply.success {
                await keys.adopt(item)
                return reply
            }
            guard reply.error == Self.unknownKey else {
                guard reply.error != Self.unknownEntry else { throw .nothing(Self.unknownEntry) }
                throw .refused(Self.advice(reply.error))
            }
        }
        let ids = items.filter(keys.isOurs).compactMap { $0.attributes["id"] }
        throw .refused(ids.isEmpty ? Self.missingAdvice(id) : Self.unknownAdvice(ids))
    }

    /// Gets a new key allowed by the person, unless there is one that works.
    func associate(proposing proposed: String?) async throws(ConsoleError) {
        for item in try await keys.items(id: id) {
            let own = try await keys.key(in: item)
            let request = OutgoingRequest(.testAssociate, id: own.id)
            guard try await !address.exchange(request, key: own.key).success else {
                await keys.adopt(item)
                Output.line("\(PlainText.cleaned(own.id)) has a key that works already.")
                return
            }
        }
        try await findDaemon()  // before the person is told to look for a question
        let key = ClientKey.random()
        let silence = await OwnRequestLog.begin().silence()
        if silence == nil {
            Output.note(
                "Keybell asks you now; its key is \(key.fingerprint). Answer there, or with `keybell watch`."
            )
        }
        let reply = try await address.exchange(OutgoingRequest(.associate, id: proposed), key: key)
        guard reply.success, let id = reply.id else {
            if let silence { throw silence.error(for: "key", client: proposed ?? "", now: Moment.now()) }
            throw .refused(reply.error.map { Self.advice($0) } ?? "Not allowed.")
        }
        try await keys.keep(key, id: id)
        Output.line("Associated as \(PlainText.cleaned(id)).")
    }

    private static let unknownKey = "Couldn't verify request"
    private static let unknownEntry = "There is no such entry."

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
    static func advice(_ error: String?) -> String {
        switch error.map(PlainText.cleaned) {
        case nil, "": "Keybell said no, without a reason."
        case "Denied"?: "You denied it."
        case "Database locked"?: "The vault is locked: run `keybell unlock`, then try again."
        case let text?: text
        }
    }
}
