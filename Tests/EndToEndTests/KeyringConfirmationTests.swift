// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import SecureMemory
import TestSupport
import Testing

/// KeePassXC as it is when it is new: it asks before it gives an item to a program.
struct KeyringConfirmationTests {
    @Test func `items that KeePassXC asks about are locked, and asked about only with the person's word`()
        async throws
    {
        let home = try await KeyringDaemonSession(.keePassXC, confirming: true)
        let session = home.session
        let keePassXC = try #require(home.keyring.provider as? KeePassXCKeyring)
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        let saved = try await client.save("https://example.org/", login: "alice", password: "old")
        let uuid = try #require(saved.uuid)
        let changed = try await BusAnswerer(session).answering {
            try await client.ask(.setLogin, [("Uuid", uuid), ("Password", "geheim")])
        }
        #expect(changed.success)
        // What the daemon has stored itself it may read.
        #expect(try await client.ask(.testAssociate).success)

        // KeePassXC knows a program by its connection: after a start everything is to be confirmed again.
        try await session.stop()
        try await session.start()
        let locked = try await home.send(client)
        #expect(locked.status == 503)
        #expect(try locked.json["Error"] as? String == "Database locked")
        #expect(try await home.send(ClientProgram(session, id: "nobody")).status == 200)
        #expect(try await BusAnswerer(session).questions().isEmpty)
        #expect(try await !keePassXC.asksForAccess())
        let doctor = try await session.keybell("doctor")
        #expect(doctor.output.contains("asks you before it gives an item"), "\(doctor.output)")

        // One question of Keybell's and one of KeePassXC's: for the key and for what belongs to the logins.
        let kinds = AskedKinds()
        async let unlocked = BusAnswerer(session).answering(seen: { kinds.note($0) }) {
            try await client.ask(
                .getLoginsCount,
                [("Url", "https://example.org/")],
                triggerUnlock: true
            )
        }
        try await keePassXC.allowAccess()
        #expect(try await unlocked.count == 1)
        #expect(kinds.all == ["unlock"])

        // The password is asked for when the person has allowed Keybell to hand it out.
        async let found = BusAnswerer(session).answering {
            try await client.ask(.getLogins, [("Url", "https://example.org/")])
        }
        try await keePassXC.allowAccess()
        #expect(try await found.entries.map(\.password) == [SecretBytes(utf8: "geheim")])
        let again = try await BusAnswerer(session).answering {
            try await client.ask(.getLogins, [("Url", "https://example.org/")])
        }
        #expect(again.entries.count == 1)
    }

    @Test func `a database that is unlocked for a client is asked about its items at once`() async throws {
        let home = try await KeyringDaemonSession(.keePassXC, confirming: true)
        let session = home.session
        let keePassXC = try #require(home.keyring.provider as? KeePassXCKeyring)
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        try await session.stop()
        try await keePassXC.lock()
        try await session.start()
        async let unlocked = BusAnswerer(session).answering {
            try await client.ask(.getLoginsCount, [("Url", "https://example.org/")], triggerUnlock: true)
        }
        try await keePassXC.typePassword()
        try await keePassXC.allowAccess()
        #expect(try await unlocked.success)
    }

    @Test func `what is denied stays locked, and a new client is let in without it`() async throws {
        let home = try await KeyringDaemonSession(.keePassXC, confirming: true)
        let session = home.session
        let keePassXC = try #require(home.keyring.provider as? KeePassXCKeyring)
        let old = try await ClientProgram.associated(with: session, as: "old")
        try await session.stop()
        try await session.start()
        async let unlocked = session.keybell("unlock")
        try await keePassXC.closeQuestion()
        #expect(try await unlocked.status == 0)
        let locked = try await home.send(old)
        #expect(locked.status == 503)
        #expect(try locked.json["Error"] as? String == "Database locked")

        // The word for a new client is one for storing its key, not for giving the old one.
        let new = try await ClientProgram.associated(with: session, as: "new")
        let served = try await home.send(new)
        let log = try session.daemon.soFar.errors
        #expect(try served.json["Success"] as? Bool == true, "\(served) \(log)")
        #expect(try await home.send(old).status == 503)
        // A locked Id isn't a free one: whoever wants it is told, rather than given it.
        let thief = try await BusAnswerer(session).answering(["id": "old"]) {
            try await ClientProgram(session).ask(.associate)
        }
        #expect(!thief.success && thief.error?.contains("keybell unlock") == true)
        #expect(try await !keePassXC.asksForAccess())

        async let again = session.keybell("unlock")
        try await keePassXC.allowAccess()
        #expect(try await again.status == 0)
        #expect(try await home.send(old).json["Success"] as? Bool == true)
    }
}
