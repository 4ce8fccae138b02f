// SPDX-License-Identifier: Apache-2.0

import Ciphers
import FoundationEssentials
import SecureMemory
import TestSupport
import Testing

@testable import KDBX

/// Another program is the judge of what Keybell writes.
@Suite(
    .enabled(
        if: InstalledProgram.isThere("keepassxc-cli"),
        "keepassxc-cli is not installed"
    ),
    .serialized
)
struct KeePassXCTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Every layout once, and every kind of key once with the newest.
    static let combinations: [Combination] = {
        // It takes every file of version 3 for one with Salsa20 inside.
        let passwords = Combination.all.filter {
            $0.keyKind == .password && ($0.layout.version != .v3_1 || $0.layout.protection == .salsa20)
        }
        let newest = Combination.all.filter { combination in
            guard case .argon2(let parameters) = combination.layout.keyDerivation else { return false }
            return combination.layout.version == .v4_1 && combination.layout.cipher == .aes256
                && combination.layout.compression == .gzip && combination.layout.protection == .chaCha20
                && parameters.variant == .id && combination.keyKind != .password
        }
        return passwords + newest
    }()

    private func write(_ bytes: [UInt8], _ name: String) throws -> String {
        let path = folder.path(name)
        try Data(bytes).write(to: URL(filePath: path))
        return path
    }

    private func run(_ command: String, _ arguments: [String], input: String) async throws
        -> ChildProcess.Report
    {
        // It wants a home to look for settings in.
        let environment = [
            "HOME": folder.path, "XDG_CONFIG_HOME": folder.path, "QT_QPA_PLATFORM": "offscreen",
        ]
        return try await ChildProcess.run(
            "keepassxc-cli",
            [command, "-q"] + arguments,
            environment: environment,
            input: input
        )
    }

    @Test(arguments: combinations)
    func `KeePassXC reads what Keybell writes`(combination: Combination) async throws {
        let database = try SampleDatabase.database(combination.layout)
        let path = try write(database.written(key: combination.key()).file, "ours.kdbx")
        var options: [String] = []
        if let file = combination.keyFile { options += ["-k", try write(file, "ours.key")] }
        if combination.password == nil { options.append("--no-password") }
        let report = try await run(
            "show",
            options + ["-s", "-a", "UserName", "-a", "PIN", "-a", "URL", path, "Internet/Entry 2"],
            input: (combination.password ?? "") + "\n"
        )
        #expect(report.status == 0, "\(report.errors)")
        #expect(report.output == "person2\n1232\nhttps://example.com/?a=1&b=2\n")
    }

    @Test func `Keybell reads what KeePassXC wrote into its file, and nothing of its own is lost`()
        async throws
    {
        let key = try CompositeKey.password("demopass")
        let database = try SampleDatabase.database()
        let path = try write(database.written(key: key).file, "both.kdbx")
        let report = try await run(
            "add",
            ["-u", "somebody", "--url", "https://example.org", "-g", "-L", "20", path, "Internet/added"],
            input: "demopass\n"
        )
        #expect(report.status == 0, "\(report.errors)")
        let bytes = Array(try Data(contentsOf: URL(filePath: path)))
        let read = try Database(reading: bytes, key: key)
        let added = try #require(read.entries.first { $0.text("Title") == "added" })
        #expect(added.text("UserName") == "somebody")
        #expect(added.secret("Password")?.count == 20)
        for entry in database.entries {
            let same = try #require(entry.id.flatMap { read.entry($0) })
            #expect(same.secret("Password") == entry.secret("Password"))
            #expect(same.history.count == entry.history.count)
        }
        var merged = read
        merged.merge(database)
        #expect(merged.entries.count == 4)
    }

    @Test(arguments: [FormatVersion.v3_1, .v4_0, .v4_1])
    func `what Keybell saved is the same to it in a file that KeePassXC has written`(
        version: FormatVersion
    ) async throws {
        let key = try CompositeKey.password("demopass")
        var layout = Layout(version: version, keyDerivation: .aes(rounds: 10))
        if !version.isModern { layout.protection = .salsa20 }
        var database = try SampleDatabase.database(layout)
        let root = try #require(database.root.id)
        let fields = [
            FieldChange("Title", "ours"), FieldChange("Password", SecretBytes(utf8: "1"), isProtected: true),
            FieldChange("URL", "https://a.example/"),
            FieldChange("PIN", SecretBytes(utf8: "1234"), isProtected: true),
        ]
        let id = try database.addEntry(to: root, fields, at: SampleDatabase.then)
        for number in 1...2 {
            try database.change(
                id,
                [FieldChange("Password", SecretBytes(utf8: "\(number + 1)"), isProtected: true)],
                at: Timestamp(unix: SampleDatabase.then.unix + Int64(number))
            )
        }
        let path = try write(database.written(key: key).file, "edited.kdbx")
        for title in ["one", "two"] {
            let report = try await run("add", ["-u", "x", "-g", path, title], input: "demopass\n")
            #expect(report.status == 0, "\(report.errors)")
            var read = try Database(reading: Array(try Data(contentsOf: URL(filePath: path))), key: key)
            let hasChanged = read.merge([id], from: database)
            #expect(!hasChanged)
            #expect(try #require(read.entry(id)).history.count == 2)
        }
    }
}
