// SPDX-License-Identifier: Apache-2.0

import Foundation
import KeePassHTTP
import SecureMemory
import TestSupport
import Testing

/// A KDBX file of the shape that the KeePassHttp plugin's own tests use, written by pykeepass.
///
/// Made once for all tests: setting up a Python environment takes longer than they do.
enum PluginFile {
    static let password = "test"
    static let client = "Test Key"
    static let key = "Lgh8xMEkV2j10bG7O42GjCibsUEpM80T7Db+skKGiNc="
    static let root = "4CEFB31811DDFF4C9346DDECE64EF394"
    static let settings = "34697A408A5B41C09F36897D623ECB31"
    static let abc = "8AA5E1EDD5D6F0408DA96064C6710B9B"

    /// The file's bytes.
    static func bytes() async throws -> Data { try await made.value }

    private static let made = Task {
        let folder = try TemporaryFolder()
        let path = folder.path("plugin.kdbx")
        let python = try await PythonEnvironment(with: ["pykeepass==4.1.1.post1"])
        let report = try await python.run(script, [path, password, client, key])
        guard report.status == 0 else { throw TestFailure("pykeepass: \(report)") }
        return try Data(contentsOf: URL(filePath: path))
    }

    private static let script = """
        import sys, uuid
        from datetime import datetime, timezone
        from lxml import etree
        from pykeepass import create_database
        path, password, client, key = sys.argv[1:]
        vault = create_database(path, password=password)
        root = vault.root_group
        root.name = "test"
        root.uuid = uuid.UUID(hex="\(root)")

        def add(group, title, user, url="", password="pass", **more):
            return vault.add_entry(group, title, user, password, url=url, **more)

        settings = add(root, "KeePassHttp Settings", "", password="")
        settings.uuid = uuid.UUID(hex="\(settings)")
        settings.set_custom_property("AES Key: " + client, key, protect=True)
        add(root, "google.com", "google-user")
        add(root, "www.yahoo.com", "www.yahoo-user")
        add(root, "yahoo.com", "yahoo-user")
        add(root, "citi", "citi-user", "citi.com")
        add(root, "citi1", "citi1-user", "http://citi1.com")
        add(root, "cititest.com", "cititest-user", "https://cititest.com/")
        add(root, "bogustest.com", "bogustest-user", "http://www.bogustest.com/")
        add(root, "https://bogustest1.com", "bogustest1-user", "https://www.bogustest1.com")
        add(root, "SubPath1", "user1", "http://www.host.com/path1")
        add(root, "SubPath2", "user2", "http://www.host.com/path2")
        add(root, "IP and port", "issue-40", "https://172.29.99.249:9443/")
        add(root, "expired", "old", "http://www.expired.com/", expiry_time=datetime(2020, 1, 1, tzinfo=timezone.utc))
        fields = add(root, "StringFields", "sf-user", "http://sf-url.com/", "sf-pass", notes="sf-note")
        fields.set_custom_property("KPH: F1", "V1")
        fields.set_custom_property("KeePassHttp Settings", '{"Allow":["sf-url.com"],"Deny":[]}')
        sorting = vault.add_group(root, "sorting")
        abc = add(sorting, "ABC", "user1", "http://www.sort.example/", tags=["#sort"])
        abc.uuid = uuid.UUID(hex="\(abc)")
        add(sorting, "XYZ", "user2", "http://www.sort.example/")
        hidden = vault.add_group(root, "hidden group")
        etree.SubElement(hidden._element, "EnableSearching").text = "false"
        add(hidden, "hidden", "secret")
        vault.save()
        """
}

/// The client of the plugin's tests, whose key comes out of the file; it signs as those do, without an `Hmac`.
struct PluginClient: Sendable {
    let session: DaemonSession
    let key: ClientKey
    private let folder: TemporaryFolder

    /// A session over the file that asks nobody, with further lines of configuration.
    init(_ further: String = "") async throws {
        folder = try TemporaryFolder()
        let path = folder.path("plugin.kdbx")
        try await PluginFile.bytes().write(to: URL(filePath: path))
        session = try await DaemonSession.trusting(
            """
            \(further)
            [[vault]]
            kind = "kdbx"
            name = "plugin"
            path = "\(path)"
            password_command = ["printf", "\(PluginFile.password)"]
            [[client]]
            id = "\(PluginFile.client)"
            any_program = true
            """
        )
        let imported = try await session.keybell("import-clients", path, input: PluginFile.password + "\n")
        let unlocked = try await session.keybell("unlock")
        guard imported.status == 0, unlocked.status == 0,
            let key = ClientKey(base64: SecretBytes(utf8: PluginFile.key))
        else {
            throw TestFailure("\(imported) \(unlocked) \(try await session.stop().errors)")
        }
        self.key = key
    }

    /// A reply as the wire has it, and as it is read.
    struct Reply: Sendable {
        let status: Int
        let json: [String: any Sendable]
        let read: IncomingReply

        var entries: [ReplyEntry] { read.entries }
        var logins: [String] { read.entries.map(\.login) }
        var names: [String] { read.entries.map(\.name) }
        /// The members of each entry, one set of names for all.
        var members: Set<[String]> {
            Set((json["Entries"] as? [[String: any Sendable]] ?? []).map { $0.keys.sorted() })
        }
    }

    /// Sends a request.
    /// - Parameters:
    ///   - type: Its type.
    ///   - fields: What goes encrypted.
    ///   - plain: JSON that goes as it is.
    ///   - sealed: JSON that is made with the request's own cipher.
    /// - Returns: The reply.
    /// - Throws: What keeps it from being one.
    func ask(
        _ type: String,
        _ fields: KeyValuePairs<String, String> = [:],
        plain: [String: String] = [:],
        sealed: (OutgoingCipher) throws -> [String: String] = { _ in [:] }
    ) async throws -> Reply {
        let nonce = Nonce.random()
        var request = try HandwrittenRequest(type, id: PluginFile.client, key: key, nonce: nonce, fields)
        for (name, json) in try plain.merging(
            sealed(OutgoingCipher(key: key, nonce: nonce)),
            uniquingKeysWith: { $1 }
        ) {
            request[name] = json
        }
        return try await send(request.bytes)
    }

    func send(_ bytes: [UInt8]) async throws -> Reply {
        let reply = try await session.send(bytes)
        let read = try IncomingReply(parsing: reply.body, key: key)
        return Reply(status: reply.status, json: try reply.json, read: read)
    }

    func logins(_ url: String, submit: String? = nil) async throws -> Reply {
        guard let submit else { return try await ask("get-logins", ["Url": url]) }
        return try await ask("get-logins", ["Url": url, "SubmitUrl": submit])
    }

    func names(searching text: String, _ flags: [String: String] = [:]) async throws -> [String] {
        let reply = try await ask("get-logins-custom-search", ["SearchString": text], plain: flags)
        #expect(reply.read.success)
        return reply.names
    }
}
