// SPDX-License-Identifier: Apache-2.0

import Foundation
import KDBX
import KeePassHTTP
import SecureMemory
import TestSupport
import Testing

/// Vaults that a reload takes away or puts elsewhere while somebody waits for them.
struct ReloadVaultTests {
    private let page = [(name: "Url", value: "https://example.org/")]
    private let folder: TemporaryFolder
    private let session: DaemonSession
    private let client: ClientProgram

    /// Two files, of which the configuration names the first, locked.
    init() async throws {
        folder = try TemporaryFolder()
        for (name, password) in [("one", "eins"), ("two", "zwei")] {
            let file = try BuiltVault.file([FieldChange("Password", password)])
            try Data(file).write(to: URL(filePath: folder.path(name)))
        }
        session = try await DaemonSession(DaemonSession.vault("main", folder.path("one"), folder))
        client = try await ClientProgram.associated(with: session, as: "firefox")
        #expect(try await session.keybell("lock").status == 0)
    }

    /// A client that waits for the vault to be unlocked, and the question about that.
    private func waiting() async throws -> (
        pending: Task<HTTPReply, any Error>, question: BusAnswerer.QuestionKey
    ) {
        let body = try client.body(.getLogins, page, triggerUnlock: true)
        let pending = Task { [session] in try await session.send(body) }
        let question = try await BusAnswerer(session).question()
        #expect(question.kind == "unlock")
        return (pending, question)
    }

    private func error(of pending: Task<HTTPReply, any Error>) async throws -> String {
        try await pending.value.json["Error"] as? String ?? ""
    }

    @Test func `the question about a vault that is gone ends, and its client is told so at once`()
        async throws
    {
        let (pending, question) = try await waiting()
        try session.configure(DaemonSession.vault("work", folder.path("two"), folder))
        let reload = try await session.keybell("reload")
        #expect(reload.output == "In force: [[vault]].\n", "\(reload)")
        #expect(try await error(of: pending).contains("was withdrawn"))
        #expect(try await BusAnswerer(session).questions().isEmpty)
        #expect(try await session.keybell("allow", question.code).status == 1)
        #expect(try await session.keybell("unlock", "main").status == 1)
        let status = try await session.keybell("status")
        #expect(status.output.contains("work (kdbx, locked)") && !status.output.contains("main"), "\(status)")
    }

    @Test func `a vault whose path is another one is another vault: nothing of the former is served`()
        async throws
    {
        #expect(try await session.keybell("unlock", "main").status == 0)
        try session.configure(
            "[access]\nask = \"never\"\n" + DaemonSession.vault("main", folder.path("one"), folder)
        )
        #expect(try await session.keybell("reload").output == "In force: [access].\n")
        #expect(try await client.ask(.getLogins, page).entries.map(\.password) == [SecretBytes(utf8: "eins")])

        try session.configure(
            "[access]\nask = \"never\"\n" + DaemonSession.vault("main", folder.path("two"), folder)
        )
        #expect(try await session.keybell("reload").output == "In force: [[vault]].\n")
        let status = try await session.keybell("status")
        #expect(status.output.contains("main (kdbx, locked)"), "\(status)")
        let (pending, _) = try await waiting()

        // Back again, while a question about the second waits: that one is not about the first.
        try session.configure(
            "[access]\nask = \"never\"\n" + DaemonSession.vault("main", folder.path("one"), folder)
        )
        #expect(try await session.keybell("reload").output == "In force: [[vault]].\n")
        #expect(try await error(of: pending).contains("was withdrawn"))
        #expect(try await BusAnswerer(session).questions().isEmpty)
        try session.configure(
            "[access]\nask = \"never\"\n" + DaemonSession.vault("main", folder.path("two"), folder)
        )
        #expect(try await session.keybell("reload").output == "In force: [[vault]].\n")
        #expect(try await session.keybell("unlock", "main").status == 0)
        #expect(try await client.ask(.getLogins, page).entries.map(\.password) == [SecretBytes(utf8: "zwei")])
    }
}
