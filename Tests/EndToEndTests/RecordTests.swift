// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import TestSupport
import Testing

/// What `keybell log` and the lists of grants tell, and that what failed isn't told as done.
struct RecordTests {
    private let page = [(name: "Url", value: "https://example.org/")]

    @Test func `the log has each allow and each delivery once, and which decision was forgotten`()
        async throws
    {
        let household = try await Household()
        let guest = try await Guest.associated(with: household, as: "firefox")
        _ = try await guest.save("https://example.org/", login: "alice", password: "geheim")
        let asking = Task { try await guest.ask(.getLogins, page) }
        let question = try await Porter(household).question()
        #expect(try await household.keybell("allow", question.code, "--scope", "always").status == 0)
        #expect(try await asking.value.entries.count == 1)
        _ = try await guest.ask(.getLogins, [("Url", "https://nothing.example/")])
        #expect(try await household.keybell("rename", "firefox", "Work").status == 0)
        let grants = try await household.keybell("grants")
        #expect(grants.output.hasPrefix("firefox "), "\(grants)")
        #expect(try await household.keybell("grants", "Work").output.contains("example.org"))
        #expect(try await household.keybell("forget", "--all").output.contains("1 grant"))
        #expect(try await household.keybell("grants").output.contains("asked about each time"))

        let log = try await household.keybell("log", "--since", "1h").output.split(separator: "\n").map(
            String.init
        )
        #expect(log.count { $0.contains("got 1 login") } == 1, "\(log)")
        #expect(log.count { $0.contains("\(question.code) allowed") } == 1, "\(log)")
        #expect(log.contains { $0.contains("nothing.example") && $0.contains("there is none") }, "\(log)")
        #expect(log.contains { $0.contains("decision to allow release for example.org") }, "\(log)")

        #expect(try await household.keybell("revoke", "--all").status == 0)
        #expect(try await household.keybell("clients").output.contains("No client"))
    }
}
