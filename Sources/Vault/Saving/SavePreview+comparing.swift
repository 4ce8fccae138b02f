// SPDX-License-Identifier: Apache-2.0

import Secrecy

extension SavePreview {
    /// Says what a draft would change.
    ///
    /// - Parameters:
    ///   - draft: What is to be saved.
    ///   - stored: The login as it is stored now, or nil if a new one would be made.
    ///   - secrets: Its secrets.
    /// - Throws: `refused` for a string field that is no client's to write, and for a reference to another entry.
    package init(_ draft: LoginDraft, stored: Login?, secrets: LoginSecrets?) throws(VaultError) {
        if let name = draft.fields.keys.first(where: LoginDraft.isReserved) {
            throw .refused("The field \(name) can't be written as a string field.")
        }
        guard !draft.holdsReference else {
            throw .refused("A reference to another entry can't be written by a client.")
        }
        let before = stored ?? Login(id: .random(), title: "")
        let after = before.changed(by: draft, fields: secrets?.fields ?? [:])
        self.init(
            stored: stored,
            changedFields: Self.changes(draft, before, after, secrets),
            newHosts: Self.newHosts(before: stored, after: after)
        )
    }

    private static func changes(
        _ draft: LoginDraft,
        _ before: Login,
        _ after: Login,
        _ secrets: LoginSecrets?
    ) -> [String] {
        let password = secrets?.password ?? SecretBytes(utf8: "")
        let standard = [
            ("Name", after.title != before.title),
            ("Login", after.username != before.username),
            ("Password", draft.password.map { $0 != password } ?? false),
            ("Url", after.url != before.url),
            ("Realm", after.realm != before.realm),
            ("Allow", after.allow != before.allow),
        ]
        let fields = draft.fields.filter { $0.value != secrets?.fields[$0.key] }
        return standard.filter(\.1).map(\.0) + fields.keys.sorted()
    }

    private static func newHosts(before: Login?, after: Login) -> [String] {
        let known = Set(before?.addresses.map(Reach.init) ?? [])
        let reached = after.addresses.filter { address in
            // A host that it matched without a port was matched on the scheme's own port, too.
            !known.contains(Reach(address))
                && !(address.address.isOnOwnPort && known.contains(Reach(address, port: nil)))
        }
        let allowed = after.allow.subtracting(before?.allow ?? [])
        var hosts: [String] = []
        for host in reached.map(\.text) + allowed.sorted() where !hosts.contains(host) { hosts.append(host) }
        return hosts
    }

    private struct Reach: Hashable {
        let key: String
        let port: UInt16?

        init(_ belonging: Login.Belonging) {
            self.init(belonging, port: belonging.port)
        }

        init(_ belonging: Login.Belonging, port: UInt16?) {
            key = belonging.address.key
            self.port = port
        }
    }
}

extension Login.Belonging {
    /// The host as a person is shown it, with the port if one is written.
    fileprivate var text: String { port.map { "\(address.key):\($0)" } ?? address.key }
}
