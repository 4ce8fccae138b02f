// SPDX-License-Identifier: Apache-2.0

import KDBX
import KeePassHTTP
import SecretService
import SecureMemory
import TestSupport
import Testing

@testable import Console

/// A file as KeePass with the plugin leaves it, made by KeePassXC from the plain XML.
private struct PluginKeyFile {
    static let password = "s%me password"
    let folder: TemporaryFolder
    let path: String

    // Without strings, it is a file without the plugin's entry, but for one of that title.
    init(_ strings: [(name: String, value: String)]?, title: String = "KeePassHttp Settings") async throws {
        folder = try TemporaryFolder()
        path = folder.path("people's.kdbx")
        let fields = (strings ?? []).map { name, value in
            "<String><Key>\(name)</Key><Value>\(value)</Value></String>"
        }
        let uuid = strings == nil ? "AAAAAAAAAAAAAAAAAAAAAQ==" : "NGl6QIpbQcCfNol9Yj7LMQ=="
        let xml = """
            <?xml version="1.0" encoding="utf-8"?>
            <KeePassFile><Meta><Generator>KeePass</Generator></Meta><Root><Group>
            <UUID>EBESExQVFhcYGRobHB0eHw==</UUID><Name>Root</Name>
            <Entry><UUID>\(uuid)</UUID><String><Key>Title</Key><Value>\(title)</Value></String>
            \(fields.joined())</Entry></Group></Root></KeePassFile>
            """
        let document = try folder.write("export.xml", xml)
        let report = try await ChildProcess.run(
            "keepassxc-cli",
            ["import", "--set-password", "--decryption-time", "100", document, path],
            environment: ["HOME": folder.path, "QT_QPA_PLATFORM": "offscreen"],
            input: "\(Self.password)\n\(Self.password)\n"
        )
        guard report.status == 0 else { throw TimedOut(description: "keepassxc-cli: \(report.errors)") }
    }

    func keys(password: String = password) throws(ConsoleError) -> PluginKeys {
        let source = SourceDatabase(path: path, keyFile: nil, limits: KDBXLimits())
        return try PluginKeys(source.open(password: SecretBytes(utf8: password), by: DirectDeriver()))
    }
}

@Suite(.timeLimit(.minutes(2)))
struct KeyImportTests {
    private static let first = "EBESExQVFhcYGRobHB0eHxAREhMUFRYXGBkaGxwdHh8="
    private static let second = "AAECAwQFBgcICQoLDA0ODwABAgMEBQYHCAkKCwwNDg8="

    private func keyring(_ session: KeyringSession) async throws -> Keyring {
        .quiet(try await session.bus.connect(), address: session.bus.address, collection: "default")
    }

    private func stored(_ id: String, in session: KeyringSession) async throws -> String? {
        try await session.lookUpOutside(["xdg:schema": "org.keybell.ClientKey", "id": id])
    }

    @Test func `keys go from the plugin's entry into the keyring, and no other one's place unasked`()
        async throws
    {
        let session = try await KeyringSession()
        let file = try await PluginKeyFile([
            ("AES Key: fox", Self.first), ("AES Key: a b/ü", Self.second), ("AES Key: broken", "bm8="),
            ("AES Key: ", Self.second), ("UserName", "x"), ("Notes", "AES Key: no"),
            ("AES Key: p\u{430}ypal", Self.second),
        ])
        let keys = try file.keys()
        var recorded: [String] = []
        let fresh = try await KeyImport(keys, into: keyring(session), overwrites: false) {
            recorded.append($0)
        }
        #expect(recorded == ["a b/ü", "fox", "p\u{430}ypal"])
        // KeePassXC writes strings in the order of their names.
        #expect(fresh.lines.map(\.id) == ["", "a b/ü", "broken", "fox", "p\u{430}ypal"])
        #expect(fresh.lines.map(\.outcome) == [.unusable, .imported, .unusable, .imported, .imported])
        #expect(fresh.text.filter { $0.contains("taken for another") }.count == 1)
        #expect(!fresh.isIncomplete)
        #expect(try await stored("fox", in: session) == Self.first)
        #expect(try await stored("a b/ü", in: session) == Self.second)

        let again = try await KeyImport(keys, into: keyring(session), overwrites: true)
        #expect(again.lines.map(\.outcome) == [.unusable, .present, .unusable, .present, .present])

        let other = try await PluginKeyFile([("AES Key: fox", Self.second)]).keys()
        recorded = []
        let kept = try await KeyImport(other, into: keyring(session), overwrites: false) {
            recorded.append($0)
        }
        #expect(kept.lines.map(\.outcome) == [.taken] && kept.isIncomplete)
        #expect(try await stored("fox", in: session) == Self.first)
        #expect(recorded.isEmpty)
        let replaced = try await KeyImport(other, into: keyring(session), overwrites: true) {
            recorded.append($0)
        }
        #expect(recorded == ["fox"])
        #expect(replaced.lines.map(\.outcome) == [.replaced] && !replaced.isIncomplete)
        #expect(try await stored("fox", in: session) == Self.second)
    }

    @Test func `an imported key works, and belongs to no program yet`() async throws {
        let session = try await KeyringSession()
        let keys = try await PluginKeyFile([("AES Key: fox", Self.first)]).keys()
        _ = try await KeyImport(keys, into: keyring(session), overwrites: false)
        let items = try await keyring(session).items(schema: "org.keybell.ClientKey")
        let client = try #require(items.first?.attributes)
        #expect(client["id"] == "fox" && client["program"] == "" && client["origin"] == nil)
        // SHA-1 of the root group's UUID and 32 zeros, as the plugin has it.
        #expect(client["database"] == keys.hash && keys.hash.count == 40)
        #expect(!"\(keys)".contains("EBES"))
    }

    @Test func `what was granted to a key before it was revoked doesn't come back with it`() async throws {
        let session = try await KeyringSession()
        let keys = try await PluginKeyFile([("AES Key: fox", Self.first)]).keys()
        let other = try await PluginKeyFile([("AES Key: fox", Self.second)]).keys()
        let fingerprints = try (keys.fields + other.fields).map { try #require($0.key?.fingerprint) }
        func grant(_ fingerprint: String) async throws {
            try await session.storeOutside(
                "Keybell grants: \(fingerprint)",
                ["xdg:schema": "org.keybell.Grants", "fingerprint": fingerprint],
                secret: "[]"
            )
        }
        func granted() async throws -> [Bool] {
            var found: [Bool] = []
            for fingerprint in fingerprints {
                let item = try await session.lookUpOutside([
                    "xdg:schema": "org.keybell.Grants", "fingerprint": fingerprint,
                ])
                found.append(item != nil)
            }
            return found
        }
        for fingerprint in fingerprints { try await grant(fingerprint) }
        _ = try await KeyImport(keys, into: keyring(session), overwrites: false)
        #expect(try await granted() == [false, true])
        // One that is there already keeps what it has; one that is replaced loses it.
        try await grant(fingerprints[0])
        _ = try await KeyImport(keys, into: keyring(session), overwrites: true)
        #expect(try await granted() == [true, true])
        _ = try await KeyImport(other, into: keyring(session), overwrites: true)
        #expect(try await granted() == [false, false])
    }

    @Test func `a locked keyring is told, and nothing is stored`() async throws {
        let session = try await KeyringSession()
        let keys = try await PluginKeyFile([("AES Key: fox", Self.first)]).keys()
        try await session.gnome.lock()
        await #expect(
            throws: ConsoleError.refused(
                "Your keyring is locked: run this again, and answer its prompt, which asks for its password."
            )
        ) {
            try await KeyImport(keys, into: keyring(session), overwrites: false)
        }
    }

    @Test func `what can't be imported says why, and what to do`() async throws {
        func refusal(_ act: () throws(ConsoleError) -> Void) -> String {
            do throws(ConsoleError) {
                try act()
                return ""
            } catch {
                return error.text
            }
        }
        let other =
            "If KeePass serves your browser with another file, name that one; else connect the browser anew."
        let none = try await PluginKeyFile(nil)
        #expect(
            refusal { () throws(ConsoleError) in _ = try none.keys() }
                == "The entry \"KeePassHttp Settings\" of this file isn't the plugin's, which has the uuid "
                + "34697A408A5B41C09F36897D623ECB31: this one's is 00000000000000000000000000000001, as a copied or "
                + "imported entry's is, and no client's key in it was ever in use here. " + other
        )
        let without = try await PluginKeyFile(nil, title: "Something else")
        #expect(
            refusal { () throws(ConsoleError) in _ = try without.keys() }
                == "There is no entry \"KeePassHttp Settings\" in this file, so no client's key to import. "
                + other
        )
        let empty = try await PluginKeyFile([("AES Key", "x")])
        #expect(
            refusal { () throws(ConsoleError) in _ = try empty.keys() }
                == "The entry \"KeePassHttp Settings\" of this file holds no client's key. " + other
        )
        #expect(
            refusal { () throws(ConsoleError) in _ = try empty.keys(password: "wrong") }
                == "\(empty.path) can't be opened: the password, the key file or both are wrong. Try again, with --key-file if it has one, and --no-password if it has only that."
        )
        #expect(throws: ConsoleError.self) {
            let source = SourceDatabase(path: empty.path, keyFile: nil, limits: KDBXLimits())
            return try PluginKeys(source.open(password: nil, by: DirectDeriver()))
        }
        // These are told before the password is asked for.
        let text = try empty.folder.write("text", "no database")
        let blank = try empty.folder.write("blank", "")
        for (file, keyFile, words) in [
            (
                text, nil,
                "\(text) can't be opened: it is no KeePass database. Name the .kdbx file that KeePass opens."
            ),
            (
                "/nonexistent", nil,
                "/nonexistent can't be read (no such file or directory): name the .kdbx file that KeePass opens, or see whether you may read it."
            ),
            (
                empty.path, "/nonexistent",
                "/nonexistent can't be read (no such file or directory): name the key file as --key-file, or leave that out if it has none."
            ),
            (
                empty.path, blank,
                "\(empty.path) can't be opened: the key file is of no use (it is empty). Name the key file that it was made with as --key-file."
            ),
        ] as [(String, String?, String)] {
            #expect(
                refusal { () throws(ConsoleError) in
                    try SourceDatabase(path: file, keyFile: keyFile, limits: KDBXLimits()).look()
                } == words
            )
        }
    }
}
