// SPDX-License-Identifier: Apache-2.0

import Foundation
import KeePassHTTP
import SecureMemory
import TestSupport
import Testing

/// The built daemon with each of the real keyrings.
struct KeyringProviderTests {
    @Test(arguments: KeyringKind.allCases)
    func `a client is let in, renamed, given another key and revoked, in one item that everybody sees`(
        kind: KeyringKind
    ) async throws {
        let home = try await KeyringDaemonSession(kind)
        let session = home.session
        let first = try await ClientProgram.associated(with: session, as: "firefox")
        #expect(try await first.ask(.testAssociate).success)
        #expect(try await home.key(of: "firefox") == first.key.base64().exposedText())

        #expect(try await session.keybell("rename", "firefox", "My browser").status == 0)
        #expect(try await home.items("org.keybell.ClientKey").map { $0.contains("My browser") } == [true])
        #expect(try await first.ask(.testAssociate).success)

        let second = ClientProgram(session, id: "firefox")
        let kinds = AskedKinds()
        let reply = try await BusAnswerer(session).answering(seen: { kinds.note($0) }) {
            try await second.ask(.associate)
        }
        #expect(reply.id == "firefox")
        #expect(kinds.all == ["associate", "overwrite"])
        #expect(try await home.key(of: "firefox") == second.key.base64().exposedText())
        #expect(try await home.items("org.keybell.ClientKey").count == 1)
        #expect(try await second.ask(.testAssociate).success)
        #expect(try await !first.ask(.testAssociate).success)

        let doctor = try await session.keybell("doctor")
        #expect(doctor.output.contains("ok    Secret Service: \(kind.rawValue)"), "\(doctor.output)")
        #expect(doctor.output.contains("ok    Client keys: 1 key"), "\(doctor.output)")

        try await home.keyring.secretTool("clear", "xdg:schema", "org.keybell.ClientKey", "id", "firefox")
        #expect(try await !second.ask(.testAssociate).success)
        #expect(try await home.send(second).json["Error"] as? String == "Couldn't verify request")
        #expect(try await !session.keybell("clients").output.contains("firefox"))
    }

    @Test func `a key that is deleted in KWalletManager is refused at once`() async throws {
        let home = try await KeyringDaemonSession(.kwallet)
        let client = try await ClientProgram.associated(with: home.session, as: "firefox")
        #expect(try await client.ask(.testAssociate).success)
        let kwallet = try #require(home.keyring.provider as? KWalletKeyring)
        try await kwallet.delete("Keybell client: firefox")
        #expect(try await home.send(client).json["Error"] as? String == "Couldn't verify request")
    }

    @Test(arguments: KeyringKind.allCases)
    func `logins are saved, changed in place and read, by Keybell and by others`(kind: KeyringKind)
        async throws
    {
        let home = try await KeyringDaemonSession(kind)
        let session = home.session
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        let saved = try await client.save("https://example.org/login", login: "alice", password: "geheim")
        let uuid = try #require(saved.uuid)
        let lookUp = ["lookup", "xdg:schema", "org.keybell.Login", "username", "alice"]
        let tool = { (arguments: [String]) in
            try await home.keyring.secretTool(arguments).output
        }
        #expect(try await tool(lookUp) == "geheim")

        let changed = try await BusAnswerer(session).answering {
            try await client.ask(.setLogin, [("Uuid", uuid), ("Login", "bob"), ("Password", "neu")])
        }
        let log = try session.daemon.soFar.errors
        #expect(changed.success && changed.uuid == uuid, "\(changed) \(log)")
        #expect(try await tool(["lookup", "xdg:schema", "org.keybell.Login", "username", "bob"]) == "neu")
        #expect(try await home.items("org.keybell.Login").count == 1)

        let stored = try await home.keyring.secretTool(
            "store",
            "--label=By hand",
            "xdg:schema",
            "org.keybell.Login",
            "username",
            "carol",
            "url",
            "https://example.org/",
            input: "typed"
        )
        #expect(stored.status == 0)
        for _ in 0..<100 {
            let known = try await client.ask(.getLoginsCount, [("Url", "https://example.org/login")]).count
            if known == 2 { break }
        }
        let found = try await BusAnswerer(session).answering {
            try await client.ask(.getLogins, [("Url", "https://example.org/login")])
        }
        let passwords = Dictionary(uniqueKeysWithValues: found.entries.map { ($0.login, $0.password) })
        #expect(passwords == ["bob": SecretBytes(utf8: "neu"), "carol": SecretBytes(utf8: "typed")])

        // A login that is deleted is out of the vault as soon as the daemon has heard of it.
        try await home.keyring.secretTool("clear", "xdg:schema", "org.keybell.Login", "username", "bob")
        var left: Int?
        for _ in 0..<100 where left != 1 {
            left = try await client.ask(.getLoginsCount, [("Url", "https://example.org/login")]).count
        }
        #expect(left == 1)
    }

    @Test(arguments: KeyringKind.allCases)
    func `a locked keyring is locked and asks nobody, unless that is asked for; unlocked it serves on`(
        kind: KeyringKind
    ) async throws {
        let home = try await KeyringDaemonSession(kind)
        let session = home.session
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        let saved = try await client.save("https://example.org/", login: "alice", password: "old")
        let uuid = try #require(saved.uuid)
        let changed = try await BusAnswerer(session).answering {
            try await client.ask(.setLogin, [("Uuid", uuid), ("Password", "geheim")])
        }
        #expect(changed.success)

        try await home.keyring.provider.lock()
        let stranger = ClientProgram(session, id: "nobody")
        for client in [client, stranger] {
            let locked = try await home.refuses(client)
            #expect(locked.status == 503)
            #expect(try locked.json["Error"] as? String == "Database locked")
        }
        #expect(try await BusAnswerer(session).questions().isEmpty)
        let doctor = try await session.keybell("doctor")
        #expect(doctor.output.contains("is locked"), "\(doctor.output)")

        try await home.keyring.unlock()
        let served = try await home.serves(client)
        #expect(try served.json["Success"] as? Bool == true, "\(served)")

        try await home.keyring.provider.lock()
        async let reply = BusAnswerer(session).answering {
            try await client.ask(.getLogins, [("Url", "https://example.org/")], triggerUnlock: true)
        }
        try await session.telling { try await home.keyring.provider.typePassword() }
        let opened = try await reply
        #expect(opened.entries.map(\.password) == [SecretBytes(utf8: "geheim")], "\(opened)")
        // KeePassXC says of each item that it is deleted when it locks: nothing is cleared up because of that.
        let extras = ["search", "--all", "xdg:schema", "org.keybell.LoginExtra", "uuid", uuid]
        let kept = try await home.keyring.secretTool(extras)
        #expect(kept.output.contains("label = "))
    }

    @Test(arguments: KeyringKind.allCases)
    func `a provider that is killed is told of in time, and serves again when it is back`(kind: KeyringKind)
        async throws
    {
        let home = try await KeyringDaemonSession(kind)
        let session = home.session
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        let other = try await ClientProgram.associated(with: session, as: "chrome")
        _ = try await client.save("https://example.org/", login: "alice", password: "geheim")
        // A question that waits while the keyring goes and comes: the answer is stored in the new one.
        let late = ClientProgram(session)
        async let letIn = late.ask(.associate)
        let question = try await session.telling { try await BusAnswerer(session).question() }
        async let saved = client.ask(
            .setLogin,
            [("Url", "https://example.com/"), ("Login", "bob"), ("Password", "neu")]
        )
        try await waiting(2, in: session)

        try await home.keyring.provider.settle()
        try await home.keyring.provider.stop()
        let reply = try await home.send(client)
        #expect(reply.status == 503)
        let error = try #require(try reply.json["Error"] as? String)
        #expect(error.contains("No Secret Service is running"), "\(error)")
        #expect(try await home.send(client, .testAssociate, []).status == 200)
        try await session.daemon.prints("The Secret Service has left the bus")
        let doctor = try await session.keybell("doctor")
        #expect(doctor.status == 1)
        #expect(doctor.output.contains("FAIL  Secret Service: nobody offers it"), "\(doctor.output)")

        try await home.keyring.restart()
        // What was deleted before anybody asked again is never accepted, whatever was cached.
        try await home.keyring.secretTool("clear", "xdg:schema", "org.keybell.ClientKey", "id", "chrome")
        #expect(try await home.serves(client).status == 200)
        #expect(try await home.send(other).json["Success"] as? Bool == false)

        for waiting in try await BusAnswerer(session).questions() {
            _ = try await session.keybell("allow", waiting.code)
        }
        #expect(try await letIn.success, "\(question.code)")
        #expect(try await saved.success)
        #expect(try await client.ask(.getLoginsCount, [("Url", "https://example.com/")]).count == 1)
        #expect(try await home.items("org.keybell.Login").count == 2)
    }

    @Test(arguments: KeyringKind.allCases)
    func `requests that come while the provider is killed end, each with an answer`(kind: KeyringKind)
        async throws
    {
        let home = try await KeyringDaemonSession(kind, configuration: "[save]\nask = \"never\"\n")
        let client = try await ClientProgram.associated(with: home.session, as: "firefox")
        _ = try await client.ask(.setLogin, [("Url", "https://example.org/"), ("Password", "geheim")])
        try await home.keyring.provider.settle()

        let replies = try await withThrowingTaskGroup(of: (number: Int, reply: HTTPReply).self) { group in
            for number in 0..<24 {
                let saves = number % 3 == 0
                group.addTask {
                    let fields: [(name: String, value: String)] = [
                        ("Url", "https://\(number).example/"), ("Password", "p\(number)"),
                    ]
                    let type: RequestType = saves ? .setLogin : .getLoginsCount
                    let sent = saves ? fields : [("Url", "https://example.org/")]
                    return (number, try await home.send(client, type, sent, within: 20))
                }
                if number == 8 { try await home.keyring.provider.stop() }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(replies.count == 24)
        for (_, reply) in replies {
            let succeeded = try reply.json["Success"] as? Bool
            #expect([200, 503].contains(reply.status))
            #expect(try succeeded == true || reply.json["Error"] is String)
        }
        try await home.keyring.restart()
        #expect(try await home.serves(client).json["Success"] as? Bool == true)
        // What gnome-keyring has said it stored it has; the others write some moments later.
        guard kind == .gnomeKeyring else { return }
        for saved in replies where saved.number % 3 == 0 {
            guard try saved.reply.json["Success"] as? Bool == true else { continue }
            let url = "https://\(saved.number).example/"
            #expect(try await client.ask(.getLoginsCount, [("Url", url)]).count == 1)
        }
    }

    /// Waits until so many questions wait.
    private func waiting(_ count: Int, in session: DaemonSession) async throws {
        for _ in 0..<200 {
            if try await BusAnswerer(session).questions().count >= count { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw TestFailure("\(count) questions")
    }
}
