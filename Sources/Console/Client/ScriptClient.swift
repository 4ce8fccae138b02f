// SPDX-License-Identifier: Apache-2.0

import DisplayText
import KeePassHTTP
import Secrecy
import Settings

/// One client of the protocol: asks the daemon over HTTP, in plain English when it fails.
struct ScriptClient: Sendable {
    let door: DaemonDoor
    let keys: OwnKeys
    /// Which of several keys; nil for the newest.
    let id: String?

    /// Finds port and keyring by options and configuration.
    static func make(_ options: ClientOptions) async throws(ConsoleError) -> ScriptClient {
        let configuration = try Configuration.forCommand(options.config)
        let port = options.port ?? UInt16(clamping: configuration.http.port)
        let keys = try await OwnKeys.open(
            server: "http://localhost:\(port)",
            collection: configuration.keyring.collection
        )
        return ScriptClient(door: DaemonDoor(port: port), keys: keys, id: options.id)
    }

    /// Asks with our key, and takes nothing but a verified answer.
    func ask(
        _ type: RequestType,
        fields: [(name: String, value: SecretBytes)] = [],
        triggerUnlock: Bool = false
    ) async throws(ConsoleError) -> IncomingReply {
        _ = try door.host()  // whether anybody is there at all comes first
        guard let own = try await keys.find(id: id) else {
            let whom = id.map { " as \(PlainText.cleaned($0))" } ?? ""
            throw .refused("There is no key for scripts\(whom) yet: run `keybell client associate` once.")
        }
        let request = OutgoingRequest(type, id: own.id, fields: fields, triggerUnlock: triggerUnlock)
        let reply = try await door.exchange(request, key: own.key)
        guard reply.success else { throw .refused(Self.advice(reply.error)) }
        return reply
    }

    /// Gets a new key allowed by the person, unless there is one that works.
    func associate(proposing proposed: String?) async throws(ConsoleError) {
        if let own = try await keys.find(id: id) {
            let request = OutgoingRequest(.testAssociate, id: own.id)
            guard try await !door.exchange(request, key: own.key).success else {
                Output.line("\(PlainText.cleaned(own.id)) has a key that works already.")
                return
            }
        }
        _ = try door.host()  // before the person is told to look for a question
        let key = ClientKey.random()
        Output.note(
            "Keybell asks you now; its key is \(key.fingerprint). Answer there, or with `keybell watch`."
        )
        let reply = try await door.exchange(OutgoingRequest(.associate, id: proposed), key: key)
        guard reply.success, let id = reply.id else {
            throw .refused(reply.error.map { Self.advice($0) } ?? "Not allowed.")
        }
        try await keys.keep(key, id: id)
        Output.line("Associated as \(PlainText.cleaned(id)).")
    }

    /// What a failure's text means here.
    static func advice(_ error: String?) -> String {
        switch error.map(PlainText.cleaned) {
        case nil, "": "Keybell said no, without a reason."
        case "Couldn't verify request"?:
            "Keybell doesn't know this key any more (revoked?): run `keybell client associate` again."
        case "Database locked"?: "The vault is locked: run `keybell unlock`, then try again."
        case let text?: text
        }
    }
}
