// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import TestSupport
import Testing

/// What a denial leaves behind, as the person sees it and ends it.
struct MuteTests {
    @Test func `a denial says through what, and what is denied unseen since is counted apart`() async throws {
        let household = try await Household()
        let body = try associateBody()
        let asking = Task { try await household.ring(body) }
        let question = try await Porter(household).question()
        #expect(try await household.keybell("deny", question.code, "--mute", "10").status == 0)
        _ = try await asking.value
        _ = try await household.ring(try associateBody())

        let late = try await household.keybell("deny", question.code)
        #expect(late.status == 1)
        #expect(late.errors.contains("Request \(question.code) was denied by "), "\(late)")

        let recent = try await household.keybell("requests", "--recent").output
        #expect(recent.contains("(denied by "), "\(recent)")
        #expect(!recent.contains("denied without being shown,"), "\(recent)")
        #expect(recent.contains("Since then denied without being shown to you: 1 request."), "\(recent)")
        #expect(recent.contains("is muted until"), "\(recent)")
        #expect(try await household.keybell("status").output.contains("keybell unmute \(question.code)"))
        #expect(try await household.keybell("status", "--json").output.contains("\"denied-unseen\": 1"))
    }

    @Test(arguments: ["", "curl", "code"])
    func `unmute ends a mute and its quiet time`(name: String) async throws {
        let household = try await Household()
        #expect(try await household.keybell("unmute", "curl").status == 1)
        let first = try associateBody()
        let asking = Task { try await household.ring(first) }
        let question = try await Porter(household).question()
        _ = try await household.keybell("deny", question.code, "--mute", "10")
        _ = try await asking.value
        let told =
            try await name.isEmpty
            ? household.keybell("unmute")
            : household.keybell("unmute", name == "code" ? question.code.lowercased() : name)
        #expect(told.status == 0 && told.output.contains("is muted no more"), "\(told)")
        let second = try associateBody()
        let again = Task { try await household.ring(second) }
        let shown = try await Porter(household).question()
        _ = try await household.keybell("deny", shown.code)
        _ = try await again.value
    }

    @Test func `a mute outlives the daemon, and a file that makes no sense is told`() async throws {
        let household = try await Household()
        let body = try associateBody()
        let asking = Task { try await household.ring(body) }
        let question = try await Porter(household).question()
        #expect(try await household.keybell("deny", question.code, "--mute", "10").status == 0)
        _ = try await asking.value
        _ = try await household.stop()
        try await household.start()

        let status = try await household.keybell("status").output
        #expect(status.contains("keybell unmute \(question.code)"), "\(status)")
        #expect(try await household.ring(try associateBody()).json["Success"] as? Bool == false)
        #expect(try await Porter(household).questions().isEmpty)
        let recent = try await household.keybell("requests", "--recent").output
        #expect(recent.contains("denied without being shown to you: 1 request."), "\(recent)")
        #expect(try await household.keybell("unmute", question.code).status == 0)
        _ = try await household.stop()
        try await household.start()
        #expect(try await household.keybell("unmute").output.contains("Nothing is muted"))

        _ = try await household.stop()
        _ = try household.bus.folder.write("state/keybell/mutes.json", "{")
        try await household.start()
        try await household.daemon.prints("mutes.json in the state folder can't be used")
    }

    @Test func `the person may unlock while a script of theirs waits, with keybell itself`() async throws {
        let household = try await Household()
        let waiting = try household.starting("client", "associate")
        let question = try await Porter(household).question()
        let unlock = try await household.keybell("unlock")
        #expect(unlock.status == 0, "\(unlock)")
        _ = try await household.keybell("deny", question.code, "--mute", "10")
        _ = try await waiting.end()
        let muted = try await household.keybell("unlock")
        #expect(muted.status == 0, "\(muted)")
    }

    @Test func `a lock withdraws what waits, and says so to both`() async throws {
        let household = try await Household()
        let guest = try await Guest.associated(with: household, as: "firefox")
        _ = try await guest.save("https://example.org/", login: "alice", password: "geheim")
        let asking = Task { try await guest.ask(.getLogins, [("Url", "https://example.org/")]) }
        let question = try await Porter(household).question()
        let lock = try await household.keybell("lock")
        #expect(lock.output.contains("Withdrawn \(question.code)"), "\(lock)")
        let reply = try await asking.value
        #expect(!reply.success)
        #expect(reply.error == "Database locked")
    }
}
