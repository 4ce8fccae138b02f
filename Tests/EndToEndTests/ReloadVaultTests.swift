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
    private let household: Household
    private let guest: Guest

    /// Two files, of which the configuration names the first, locked.
    init() async throws {
        folder = try TemporaryFolder()
        for (name, password) in [("one", "eins"), ("two", "zwei")] {
            let file = try BuiltVault.file([FieldChange("Password", password)])
            try Data(file).write(to: URL(filePath: folder.path(name)))
        }
        household = try await Household(Household.vault("main", folder.path("one"), folder))
        guest = try await Guest.associated(with: household, as: "firefox")
        #expect(try await household.keybell("lock").status == 0)
    }

    /// A client that waits for the vault to be unlocked, and the question about that.
    private func waiting() async throws -> (client: Task<HTTPReply, any Error>, question: Porter.QuestionKey)
    {
        let body = try guest.body(.getLogins, page, triggerUnlock: true)
        let client = Task { [household] in try await household.ring(body) }
        let question = try await Porter(household).question()
        #expect(question.kind == "unlock")
        return (client, question)
    }

    private func error(of client: Task<HTTPReply, any Error>) async throws -> String {
        try await client.value.json["Error"] as? String ?? ""
    }

    @Test func `the question about a vault that is gone ends, and its client is told so at once`()
        async throws
    {
        let (client, question) = try await waiting()
        try household.configure(Household.vault("work", folder.path("two"), folder))
        let reload = try await household.keybell("reload")
        #expect(reload.output == "In force: [[vault]].\n", "\(reload)")
        #expect(try await error(of: client).contains("was withdrawn"))
        #expect(try await Porter(household).questions().isEmpty)
        #expect(try await household.keybell("allow", question.code).status == 1)
        #expect(try await household.keybell("unlock", "main").status == 1)
        let status = try await household.keybell("status")
        #expect(status.output.contains("work (kdbx, locked)") && !status.output.contains("main"), "\(status)")
    }

    @Test func `a vault whose path is another one is another vault: nothing of the former is served`()
        async throws
    {
        #expect(try await household.keybell("unlock", "main").status == 0)
        try household.configure(
            "[access]\nask = \"never\"\n" + Household.vault("main", folder.path("one"), folder)
        )
        #expect(try await household.keybell("reload").output == "In force: [access].\n")
        #expect(try await guest.ask(.getLogins, page).entries.map(\.password) == [SecretBytes(utf8: "eins")])

        try household.configure(
            "[access]\nask = \"never\"\n" + Household.vault("main", folder.path("two"), folder)
        )
        #expect(try await household.keybell("reload").output == "In force: [[vault]].\n")
        let status = try await household.keybell("status")
        #expect(status.output.contains("main (kdbx, locked)"), "\(status)")
        let (client, _) = try await waiting()

        // Back again, while a question about the second waits: that one is not about the first.
        try household.configure(
            "[access]\nask = \"never\"\n" + Household.vault("main", folder.path("one"), folder)
        )
        #expect(try await household.keybell("reload").output == "In force: [[vault]].\n")
        #expect(try await error(of: client).contains("was withdrawn"))
        #expect(try await Porter(household).questions().isEmpty)
        try household.configure(
            "[access]\nask = \"never\"\n" + Household.vault("main", folder.path("two"), folder)
        )
        #expect(try await household.keybell("reload").output == "In force: [[vault]].\n")
        #expect(try await household.keybell("unlock", "main").status == 0)
        #expect(try await guest.ask(.getLogins, page).entries.map(\.password) == [SecretBytes(utf8: "zwei")])
    }
}
