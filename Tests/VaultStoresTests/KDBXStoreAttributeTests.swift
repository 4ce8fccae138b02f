// SPDX-License-Identifier: Apache-2.0

import Foundation
import KDBX
import Logging
import TestSupport
import Testing
import Vault
import VaultStores

/// What a file has beside its content, by the system's own tools.
struct KDBXStoreAttributeTests {
    private static func run(_ program: String, _ arguments: [String]) async throws -> String {
        let report = try await ChildProcess.run(program, arguments)
        #expect(report.status == 0, "\(program): \(report.errors)")
        return report.output
    }

    private static func accessList(of path: String) async throws -> String {
        try await run("getfacl", ["--omit-header", "--absolute-names", "--numeric", path])
    }

    private static func save(in fixture: KDBXFixture) async throws {
        try await fixture.store.unlock(for: UnlockReason())
        _ = try await fixture.store.save(LoginDraft(title: "new"))
        #expect(try fixture.read().entries.count == 3)
    }

    @Test(arguments: ["0600", "0640", "0660"])
    func `attributes and the access list stay`(mode: String) async throws {
        let fixture = try KDBXFixture()
        _ = try await Self.run("chmod", [mode, fixture.path])
        _ = try await Self.run("setfacl", ["-m", "u:1234:rw,u:1235:r,g:4321:r", fixture.path])
        _ = try await Self.run("setfattr", ["-n", "user.note", "-v", "from the café", fixture.path])
        _ = try await Self.run("setfattr", ["-n", "user.empty", fixture.path])
        let before = try await Self.accessList(of: fixture.path)
        #expect(before.contains("user:1234:rw-"))
        try await Self.save(in: fixture)
        #expect(try await Self.accessList(of: fixture.path) == before)
        #expect(try await Self.accessList(of: fixture.path + ".keybell-backup") == before)
        let note = ["--only-values", "--absolute-names", "-n", "user.note", fixture.path]
        #expect(try await Self.run("getfattr", note) == "from the café")
        #expect(try await Self.run("getfattr", [fixture.path]).contains("user.empty"))
    }

    @Test func `a folder's default access list opens the file to nobody new`() async throws {
        let fixture = try KDBXFixture()
        _ = try await Self.run("chmod", ["0640", fixture.path])
        _ = try await Self.run("setfacl", ["-b", fixture.path])
        _ = try await Self.run("setfacl", ["-d", "-m", "u:1234:rw", fixture.folder.path])
        let before = try await Self.accessList(of: fixture.path)
        try await Self.save(in: fixture)
        #expect(try await Self.accessList(of: fixture.path) == before)
        #expect(!before.contains("1234"))
    }

    @Test func `another hard link keeps the former content, and the log says so`() async throws {
        let fixture = try KDBXFixture()
        try FileManager.default.linkItem(atPath: fixture.path, toPath: fixture.folder.path("other"))
        let former = try fixture.bytes()
        let log = Observed<[String]>([])
        let store = KDBXStore(
            name: "test",
            path: fixture.path,
            passwords: fixture.passwords,
            state: fixture.folder.path("state"),
            logger: Logger(label: "test") { _ in LostPartsLog(lost: log) }
        )
        try await store.unlock(for: UnlockReason())
        _ = try await store.save(LoginDraft(title: "new"))
        #expect(try fixture.bytes("other") == former)
        #expect(log.now == ["hard links"])
        // The name that is left is the vault's own, and its backup's.
        _ = try await store.save(LoginDraft(title: "newer"))
        #expect(log.now == ["hard links"])
        #expect(try fixture.read().entries.count == 4)
    }
}

/// Keeps what a log says was lost.
private struct LostPartsLog: LogHandler {
    let lost: Observed<[String]>
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        if let value = event.metadata?["lost"] { lost.update { $0.append("\(value)") } }
    }
}
