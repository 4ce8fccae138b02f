// SPDX-License-Identifier: Apache-2.0

import Foundation
import KeePassHTTP
import TestSupport
import Testing

/// What a denial leaves behind, as the person sees it and ends it.
struct MuteTests {
    @Test func `a denial says through what, and what is denied unseen since is counted apart`() async throws {
        let session = try await DaemonSession()
        let body = try associateBody()
        let asking = Task { try await session.send(body) }
        let question = try await BusAnswerer(session).question()
        #expect(try await session.keybell("deny", question.code, "--mute", "10").status == 0)
        _ = try await asking.value
        _ = try await session.send(try associateBody())

        let late = try await session.keybell("deny", question.code)
        #expect(late.status == 1)
        #expect(late.errors.contains("Request \(question.code) was denied by "), "\(late)")

        let recent = try await session.keybell("requests", "--recent").output
        #expect(recent.contains("(denied by "), "\(recent)")
        #expect(!recent.contains("denied without being shown,"), "\(recent)")
        #expect(recent.contains("Since then denied without being shown to you: 1 request."), "\(recent)")
        #expect(recent.contains("is muted until"), "\(recent)")
        #expect(try await session.keybell("status").output.contains("keybell unmute \(question.code)"))
        #expect(try await session.keybell("status", "--json").output.contains("\"denied-unseen\": 1"))
    }

    @Test(arguments: ["", "curl", "code"])
    func `unmute ends a mute and its quiet time`(name: String) async throws {
        let session = try await DaemonSession()
        #expect(try await session.keybell("unmute", "curl").status == 1)
        let first = try associateBody()
        let asking = Task { try await session.send(first) }
        let question = try await BusAnswerer(session).question()
        _ = try await session.keybell("deny", question.code, "--mute", "10")
        _ = try await asking.value
        let told =
            try await name.isEmpty
            ? session.keybell("unmute")
            : session.keybell("unmute", name == "code" ? question.code.lowercased() : name)
        #expect(told.status == 0 && told.output.contains("is muted no more"), "\(told)")
        let second = try associateBody()
        let again = Task { try await session.send(second) }
        let shown = try await BusAnswerer(session).question()
        _ = try await session.keybell("deny", shown.code)
        _ = try await again.value
    }

    @Test func `a mute outlives the daemon, and a file that makes no sense is told`() async throws {
        let session = try await DaemonSession()
        let body = try associateBody()
        let asking = Task { try await session.send(body) }
        let question = try await BusAnswerer(session).question()
        #expect(try await session.keybell("deny", question.code, "--mute", "10").status == 0)
        _ = try await asking.value
        _ = try await session.stop()
        try await session.start()

        let status = try await session.keybell("status").output
        #expect(status.contains("keybell unmute \(question.code)"), "\(status)")
        #expect(try await session.send(try associateBody()).json["Success"] as? Bool == false)
        #expect(try await BusAnswerer(session).questions().isEmpty)
        let recent = try await session.keybell("requests", "--recent").output
        #expect(recent.contains("denied without being shown to you: 1 request."), "\(recent)")
        #expect(try await session.keybell("unmute", question.code).status == 0)
        _ = try await session.stop()
        try await session.start()
        #expect(try await session.keybell("unmute").output.contains("Nothing is muted"))

        _ = try await session.stop()
        _ = try session.bus.folder.write("state/keybell/mutes.json", "{")
        try await session.start()
        try await session.daemon.prints("mutes.json in the state folder can't be used")
    }

    @Test func `a mute that couldn't be written at first is when the daemon ends`() async throws {
        let session = try await DaemonSession()
        let body = try associateBody()
        let asking = Task { try await session.send(body) }
        let question = try await BusAnswerer(session).question()
        // No file takes a folder's place.
        let blocked = try session.bus.folder.makeFolder("state/keybell/mutes.json")
        let denied = try await session.keybell("deny", question.code, "--mute", "10")
        #expect(denied.status == 1 && denied.errors.contains("but not after a restart"), "\(denied)")
        _ = try await asking.value
        try await session.daemon.prints("what is muted can't be kept")
        try FileManager.default.removeItem(atPath: blocked)
        _ = try await session.stop()
        try await session.start()
        let status = try await session.keybell("status").output
        #expect(status.contains("keybell unmute \(question.code)"), "\(status)")
    }

    @Test func `the person may unlock while a script of theirs waits, with keybell itself`() async throws {
        let session = try await DaemonSession()
        let waiting = try session.starting("client", "associate")
        let question = try await BusAnswerer(session).question()
        let unlock = try await session.keybell("unlock")
        #expect(unlock.status == 0, "\(unlock)")
        _ = try await session.keybell("deny", question.code, "--mute", "10")
        _ = try await waiting.end()
        let muted = try await session.keybell("unlock")
        #expect(muted.status == 0, "\(muted)")
    }

    @Test func `a lock withdraws what waits, and says so to both`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        _ = try await client.save("https://example.org/", login: "alice", password: "geheim")
        let asking = Task { try await client.ask(.getLogins, [("Url", "https://example.org/")]) }
        let question = try await BusAnswerer(session).question()
        let lock = try await session.keybell("lock")
        #expect(lock.output.contains("Withdrawn \(question.code)"), "\(lock)")
        let reply = try await asking.value
        #expect(!reply.success)
        #expect(reply.error == "Database locked")
    }
}
