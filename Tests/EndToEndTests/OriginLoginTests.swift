// SPDX-License-Identifier: Apache-2.0

import DBus
import KeePassHTTP
import SecureMemory
import TestSupport
import Testing

/// Logins that other programs keep in the keyring, as clients get them.
struct OriginLoginTests {
    private static let configuration = """
        [[vault]]
        kind = "keyring"
        items = ["epiphany", "git", "network", "keepassxc"]

        """

    @Test(.enabled(if: GitLibsecretHelper.isBuildable))
    func `a login of git's own helper goes out to whom it is allowed, named as git's, and is never changed`()
        async throws
    {
        let session = try await DaemonSession(Self.configuration)
        let credential = "protocol=https\nhost=git.example.org\nusername=anna\npassword=s3cret\n"
        try await GitLibsecretHelper.store(credential, on: session.bus)
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        let page = [("Url", "https://git.example.org/team")]
        #expect(try await client.ask(.getLoginsCount, page.map { (name: $0.0, value: $0.1) }).count == 1)

        let bodies = Observed<[String]>([])
        let found = try await BusAnswerer(session).answering(
            seen: { question in
                bodies.update { $0.append(question.details["body"]?.asString ?? "") }
                return nil
            },
            while: { try await client.ask(.getLogins, [("Url", "https://git.example.org/team")]) }
        )
        let entry = try #require(found.entries.first)
        #expect(found.entries.count == 1)
        #expect(entry.login == "anna" && entry.password == SecretBytes(utf8: "s3cret"))
        #expect(entry.group?.name == "git")
        let login = "Login “Git: https://git.example.org/” (“anna”, from git)"
        #expect(bodies.now.count == 1 && bodies.now[0].contains(login), "\(bodies.now)")

        let uuid = entry.uuid
        let named = try await BusAnswerer(session).answering {
            try await client.ask(.getLoginByUUID, [("Uuid", uuid)])
        }
        #expect(named.entries.map(\.uuid) == [uuid])
        let everything = try await BusAnswerer(session).answering { try await client.ask(.getAllLogins) }
        #expect(everything.entries.map(\.uuid) == [uuid])

        // Nobody is asked about what can't be done: an answer would never come.
        let changed = try await client.ask(.setLogin, [("Uuid", uuid), ("Password", "other")])
        #expect(!changed.success)
        #expect(changed.error?.contains("kept by another program (git)") == true, "\(changed.error ?? "")")
        #expect(try await BusAnswerer(session).questions().isEmpty)

        let doctor = try await session.keybell("doctor")
        #expect(doctor.output.contains("ok    Vault keyring: 1 login from git"), "\(doctor.output)")
        #expect(
            doctor.output.contains("Vault keyring: `items` names \"epiphany\", but no login from GNOME Web"),
            "\(doctor.output)"
        )
        #expect(doctor.output.contains("gnome-keyring offers the Secret Service"), "\(doctor.output)")

        let restricted = try await session.keybell("restrict", "firefox", "--group", "Work")
        #expect(restricted.status == 0, "\(restricted)")
        let hidden = try await client.ask(.getLoginsCount, [("Url", "https://git.example.org/team")])
        #expect(hidden.count == 0)
    }

    /// A session whose KeePassXC asks before it gives away its one entry.
    private static func confirmingHome() async throws -> KeyringDaemonSession {
        let content = KeePassXCKeyring.entry(
            "Mail",
            uuid: "ABEiM0RVZneImaq7zN3uAQ==",
            fields: ["UserName": "anna", "URL": "https://mail.example.org/"],
            protected: ["Password": "geheim"]
        )
        return try await KeyringDaemonSession(
            .keePassXC,
            configuration: configuration,
            confirming: true,
            content: content
        )
    }

    @Test func `an entry that KeePassXC asks about is asked about once Keybell's question is answered`()
        async throws
    {
        let home = try await Self.confirmingHome()
        let session = home.session
        let keePassXC = try #require(home.keyring.provider as? KeePassXCKeyring)
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        #expect(try await client.ask(.getLoginsCount, [("Url", "https://mail.example.org/")]).count == 1)
        #expect(try await !keePassXC.asksForAccess())

        let bodies = Observed<[String]>([])
        async let found = BusAnswerer(session).answering(
            seen: { question in
                bodies.update { $0.append(question.details["body"]?.asString ?? "") }
                return nil
            },
            while: { try await client.ask(.getLogins, [("Url", "https://mail.example.org/")]) }
        )
        try await keePassXC.allowAccess()
        let entry = try #require(try await found.entries.first)
        #expect(entry.login == "anna" && entry.password == SecretBytes(utf8: "geheim"))
        #expect(entry.uuid == "00112233445566778899AABBCCDDEE01" && entry.group?.name == "KeePassXC")
        #expect(bodies.now.first?.contains("Login “Mail” (“anna”, from KeePassXC)") == true, "\(bodies.now)")

        // Locked, it is as if there were nothing; nothing is kept of it.
        try await keePassXC.lock()
        #expect(try await home.refuses(client).status == 503)
        async let again = BusAnswerer(session).answering {
            try await client.ask(
                .getLoginsCount,
                [("Url", "https://mail.example.org/")],
                triggerUnlock: true
            )
        }
        try await keePassXC.typePassword()
        #expect(try await again.count == 1)
        #expect(try await !keePassXC.asksForAccess())
    }

    @Test func `what KeePassXC's owner denies there doesn't go out`() async throws {
        let home = try await Self.confirmingHome()
        let session = home.session
        let keePassXC = try #require(home.keyring.provider as? KeePassXCKeyring)
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        async let found = BusAnswerer(session).answering {
            try await client.ask(.getLogins, [("Url", "https://mail.example.org/")])
        }
        try await keePassXC.closeQuestion()
        let reply = try await found
        #expect(!reply.success && reply.entries.isEmpty)
    }

    @Test func `programs are named at a reload`() async throws {
        let session = try await DaemonSession()
        let stored = try await ChildProcess.run(
            "secret-tool",
            [
                "store", "--label=Password for anna in a form in https://example.org", "xdg:schema",
                "org.epiphany.FormPassword", "uri", "https://example.org", "username", "anna",
            ],
            environment: session.bus.environment,
            input: "geheim"
        )
        #expect(stored.status == 0)
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        let page = [(name: "Url", value: "https://example.org/")]
        #expect(try await client.ask(.getLoginsCount, page).count == 0)
        try session.configure(Self.configuration)
        let reloaded = try await session.keybell("reload")
        #expect(reloaded.status == 0 && reloaded.output.contains("[[vault]]"), "\(reloaded)")
        #expect(try await client.ask(.getLoginsCount, page).count == 1)
    }
}
