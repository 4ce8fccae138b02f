// SPDX-License-Identifier: Apache-2.0

import DisplayText
import KeePassHTTP
import SecretService
import UnicodeText

/// The keys of `keybell client` itself, in the person's keyring.
///
/// Schema `org.keybell.OwnKey`, attributes `server` (`http://localhost:19455`) and `id`; the secret is the key as
/// base64 text. Another program of Keybell's that has keys of its own adds the attribute `program`: the daemon tells
/// programs apart, and would warn of a key that is used by both. Not `org.keybell.ClientKey`: that is the daemon's side of the same key, and deleting either ends it.
struct OwnKeys: Sendable {
    static let schema = "org.keybell.OwnKey"

    /// A key and where it is kept.
    struct OwnKey: Sendable {
        let item: KeyringItem
        let key: ClientKey

        var id: String { (item.attributes["id"] ?? "").composed }
    }

    /// What the daemon at a port is called in the items.
    static func server(port: UInt16) -> String { "http://localhost:\(port)" }

    let keyring: Keyring
    let server: String
    /// Whose keys they are, where not those of `keybell client`.
    var program: String?

    /// The items of our keys, with this Id or all: those for this server, oldest first, and then those for other ports,
    /// since the server may have had another one when they were made.
    func items(id: String? = nil) async throws(ConsoleError) -> [KeyringItem] {
        do throws(KeyringError) {
            let items = try await keyring.items(schema: Self.schema)
                .filter { $0.attributes["program"] == program }
                .filter { id == nil || $0.attributes["id"]?.composed == id?.composed }
                // Of two made within a second the later one has the longer or the greater path.
                .sorted {
                    ($0.created, $0.path.utf8.count, $0.path) < ($1.created, $1.path.utf8.count, $1.path)
                }
            return items.filter(isOurs) + items.filter { !isOurs($0) }
        } catch {
            throw .refused(error.advice)
        }
    }

    /// Whether an item is for this server.
    func isOurs(_ item: KeyringItem) -> Bool { item.attributes["server"] == server }

    /// Notes that this server has shown that it knows the key in an item.
    func adopt(_ item: KeyringItem) async {
        guard !isOurs(item) else { return }
        let attributes = item.attributes.merging(["server": server]) { $1 }
        // If that fails, the key is found among the others again.
        try? await keyring.change(item, attributes: attributes, mayAsk: false)
    }

    /// The key in an item.
    func key(in item: KeyringItem) async throws(ConsoleError) -> OwnKey {
        do throws(KeyringError) {
            let secret = try await keyring.secret(of: item, confirming: true)
            guard let key = ClientKey(base64: secret) else {
                throw .failed(
                    "the key of \(PlainText.cleaned(item.label)) is damaged; delete it and associate again"
                )
            }
            return OwnKey(item: item, key: key)
        } catch {
            throw .refused(error.advice)
        }
    }

    /// Keeps a key, in place of a former one of that Id.
    func keep(_ key: ClientKey, id: String) async throws(ConsoleError) {
        do throws(KeyringError) {
            var attributes = ["server": server, "id": id.composed]
            attributes["program"] = program
            let former = try await keyring.items(schema: Self.schema, attributes: ["server": server])
            if let former = former.first(where: {
                $0.attributes["id"]?.composed == id.composed && $0.attributes["program"] == program
            }) {
                try await keyring.change(former, secret: key.base64())
            } else {
                let label = "Keybell's own client: \(id)"
                _ = try await keyring.store(
                    schema: Self.schema,
                    label: label,
                    attributes: attributes,
                    secret: key.base64()
                )
            }
        } catch {
            throw .refused(error.advice)
        }
    }
}
