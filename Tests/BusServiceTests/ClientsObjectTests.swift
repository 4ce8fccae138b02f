// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import BusInterface
import Callers
import Clients
import DBus
import DisplayText
import Foundation
import TestSupport
import Testing

struct `Clients on the bus` {
    private func call(
        _ fixture: ServiceFixture,
        _ method: BusMethod,
        _ arguments: String...
    ) async throws(DBusError) -> [Value] {
        let values = arguments.map { Value.string($0) }
        return try await fixture.call(method, of: ClientsInterface.description, values)
    }

    private func list(_ fixture: ServiceFixture) async throws -> [[String: Value]] {
        try #require(try await call(fixture, ClientsInterface.list).first?.asArray).compactMap(\.vardict)
    }

    private func withClient() async throws -> (KeyringSession, ServiceFixture) {
        let session = try await KeyringSession()
        try await Self.store("firefox", in: session)
        return (session, try await ServiceFixture(on: session))
    }

    private static func store(_ id: String, in session: KeyringSession) async throws {
        try await session.storeOutside(
            "Keybell client: \(id)",
            [
                "xdg:schema": "org.keybell.ClientKey", "id": id, "database": "AA",
                "program": "/usr/bin/firefox", "origin": "moz-extension://1", "created": "1700000000",
            ],
            secret: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
        )
    }

    @Test func `an Id that is shown with other quotation marks is found as it is shown`() async throws {
        let session = try await KeyringSession()
        try await Self.store("a b\"c", in: session)
        let fixture = try await ServiceFixture(on: session)
        _ = try await call(fixture, ClientsInterface.grants, "a b'c")
        _ = try await call(fixture, ClientsInterface.rename, "a b'c", "abc")
        #expect(try await list(fixture).first?["name"] == .string("abc"))
        _ = try await call(fixture, ClientsInterface.revoke, "a b'c")
        #expect(try await list(fixture).isEmpty)
    }

    @Test func `of several Ids that are shown alike each is told as it can be typed`() async throws {
        let session = try await KeyringSession()
        for id in ["a\"c", "a“c"] { try await Self.store(id, in: session) }
        let fixture = try await ServiceFixture(on: session)
        let error = await #expect(throws: DBusError.self) {
            try await call(fixture, ClientsInterface.revoke, "a'c")
        }
        for id in ["a\"c", "a“c"] {
            #expect(error?.message.contains(ShellWord.quoting(id)) == true, "\(error?.message ?? "")")
            _ = try await call(fixture, ClientsInterface.revoke, id)
        }
    }

    @Test func `a client in the keyring is listed, never its key`() async throws {
        let (_, fixture) = try await withClient()
        let client = try #require(try await list(fixture).first)
        #expect(
            client.mapValues(\.signature.text) == [
                "id": "s", "name": "s", "fingerprint": "s", "created": "t", "last-used": "t", "program": "s",
                "origin": "s", "extension": "s", "database": "s", "vaults": "as", "groups": "as",
                "hosts": "as",
            ]
        )
        #expect(client["id"] == .string("firefox"))
        #expect(client["fingerprint"] == .string("63:0D:CD:29:66:C4:33:66"))
        #expect(client["created"] == .uint64(1_700_000_000))
        #expect(client["program"] == .string("/usr/bin/firefox"))
        #expect(try await call(fixture, ClientsInterface.grants, "firefox") == [.array("a{sv}", [])])
    }

    @Test func `a client gets another shown name and keeps its Id`() async throws {
        let (_, fixture) = try await withClient()
        let changes = try await fixture.client.signals(
            sender: KeybellBus.name,
            interface: ClientsInterface.name
        )
        _ = try await call(fixture, ClientsInterface.rename, "firefox", "The fox")
        var next = changes.makeAsyncIterator()
        #expect(await next.next()?.member == "Changed")
        let client = try #require(try await list(fixture).first)
        #expect(client["id"] == .string("firefox"))
        #expect(client["name"] == .string("The fox"))
    }

    @Test func `the extension of a client gets a name, which is kept with its key`() async throws {
        let (session, fixture) = try await withClient()
        _ = try await call(fixture, ClientsInterface.nameExtension, "firefox", "KeePassHelper")
        let client = try #require(try await list(fixture).first)
        #expect(client["name"] == .string("firefox") && client["extension"] == .string("KeePassHelper"))
        #expect(try await session.secretTool(["lookup", "extension", "KeePassHelper"]).status == 0)
        _ = try await call(fixture, ClientsInterface.nameExtension, "firefox", "")
        #expect(try await list(fixture).first?["extension"] == .string(""))
    }

    @Test func `a client is restricted, and that ends`() async throws {
        let kept = Observed<[AuditRecord]>([])
        let session = try await KeyringSession()
        try await Self.store("firefox", in: session)
        let fixture = try await ServiceFixture(
            on: session,
            audit: { records in kept.update { $0 += records.map { AuditRecord($0.0, time: 0, $0.1) } } }
        )
        func restrict(_ part: [String: Value], client: String = "firefox") async throws(DBusError) {
            _ = try await fixture.call(
                ClientsInterface.restrict,
                of: ClientsInterface.description,
                [.string(client), .vardict(part)]
            )
        }
        func lists() async throws -> [[String]?] {
            let client = try await list(fixture).first
            return ClientsInterface.Part.all.map { client?[$0]?.asStrings }
        }
        #expect(try await lists() == [[], [], []])
        let part: [String: Value] = [
            "vaults": .strings(["passwords"]), "groups": .strings(["Web"]),
            "hosts": .strings(["*.Example.com"]),
        ]
        try await restrict(part)
        #expect(try await lists() == [["passwords"], ["Web"], ["*.example.com"]])
        let wrong: [([String: Value], String)] = [
            (["vault": .strings(["passwords"])], "“vault”"), (["groups": .string("Web")], "array of strings"),
            (["vaults": .strings(["work"])], "name one of passwords"),
            (["hosts": .strings(["*.com"])], "“*.com”"),
        ]
        for (part, words) in wrong {
            let error = await #expect(throws: DBusError.self) { try await restrict(part) }
            #expect(error?.name == DBusError.Name.invalidArgs && error?.message.contains(words) == true)
        }
        let error = await #expect(throws: DBusError.self) { try await restrict(part, client: "nobody") }
        #expect(error?.name == KeybellBusError.notFound)
        #expect(try await lists() == [["passwords"], ["Web"], ["*.example.com"]])
        // What is so already isn't recorded.
        try await restrict(part)
        try await restrict(["hosts": .strings([])])
        try await restrict([:])
        #expect(try await lists() == [[], [], []])
        #expect(kept.now.map(\.event) == [.restricted, .restricted])
        let sentences = kept.now.map(\.sentence)
        #expect(
            sentences.first?.contains("was restricted to vault passwords, group Web, host *.example.com by ")
                == true
        )
        #expect(sentences.last?.contains("was restricted to everything by ") == true)
    }

    private static func process(_ executable: String, _ pid: Int32) -> ProcessRecord {
        ProcessRecord(
            identity: ProcessIdentity(pid: pid, startTime: UInt64(pid)),
            executable: executable,
            group: pid,
            session: pid
        )
    }

    /// A program and its parents, the youngest first.
    private static func answerer(_ executables: String...) -> Answerer {
        let chain = executables.enumerated().map { process($1, 900 - Int32($0)) }
        return Answerer(identity: chain.first?.identity, uid: 1000, chain: chain)
    }

    @Test func `nothing that belongs to a client widens what it gets, or renames it, and others do`()
        async throws
    {
        let (_, fixture) = try await withClient()
        func names(_ answerer: Answerer) async -> [String?] {
            fixture.seen.update { $0 = answerer }
            let calls: [(BusMethod, [Value])] = [
                (ClientsInterface.restrict, [.string("firefox"), .vardict(["groups": .strings(["a"])])]),
                (ClientsInterface.restrict, [.string("firefox"), .vardict([:])]),
                (
                    ClientsInterface.restrict,
                    [.string("firefox"), .vardict(["groups": .strings(["a", "b"])])]
                ),
                (ClientsInterface.forget, [.string("firefox"), .string("none")]),
                (ClientsInterface.rename, [.string("firefox"), .string("Other")]),
                (ClientsInterface.nameExtension, [.string("firefox"), .string("Other")]),
            ]
            var names: [String?] = []
            for (method, arguments) in calls {
                names.append(
                    await fixture.errorName { () throws(DBusError) in
                        try await fixture.call(method, of: ClientsInterface.description, arguments)
                    }
                )
            }
            return names
        }
        let refused = [nil] + Array(repeating: Optional(KeybellBusError.notAllowed), count: 5)
        let admitted = [nil, nil, nil, KeybellBusError.notFound, nil, nil]
        // The program that is kept with its key, and what that starts.
        #expect(await names(Self.answerer("/usr/bin/firefox")) == refused)
        #expect(await names(Self.answerer("/usr/bin/gdbus", "/usr/bin/sh", "/usr/bin/firefox")) == refused)
        #expect(await names(Self.answerer("/usr/bin/gdbus", "/usr/bin/sh")) == admitted)
        // Whoever was served under its Id, also one that has ended.
        let user = Self.process("/usr/bin/curl", 899)
        await fixture.approvals.noteUse(
            of: "firefox",
            by: Caller(uid: 1000, holders: [user.identity], processes: [user])
        )
        _ = await names(Self.answerer("/usr/bin/zsh"))
        #expect(await names(Self.answerer("/usr/bin/gdbus", "/usr/bin/curl")) == refused)
        #expect(await names(Self.answerer("/usr/bin/zsh")) == admitted)
    }

    @Test func `where what a client is restricted to can't be read, the list says so`() async throws {
        let session = try await KeyringSession()
        try await session.storeOutside(
            "Keybell client: firefox",
            ["xdg:schema": "org.keybell.ClientKey", "id": "firefox", "groups": "Web"],
            secret: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
        )
        let client = try #require(try await list(try await ServiceFixture(on: session)).first)
        #expect(client["unreadable"] == .boolean(true))
    }

    @Test func `a revoked client is gone from list and keyring`() async throws {
        let (session, fixture) = try await withClient()
        _ = try await call(fixture, ClientsInterface.revoke, "firefox")
        #expect(try await list(fixture).isEmpty)
        let found = try await session.secretTool(["lookup", "id", "firefox"])
        #expect(found.output.isEmpty)
    }

    private enum Trouble: CaseIterable {
        case key
        case keyAndGrant
        case keyAndState
    }

    @Test(arguments: Trouble.allCases)
    private func `neither a client nor what it was granted counts where its key can't be deleted`(
        trouble: Trouble
    ) async throws {
        let (session, _) = try await withClient()
        let provider = try await RefusingProvider(over: session)
        let kept = Observed<[AuditRecord.Event]>([])
        let fixture = try await ServiceFixture(
            on: session,
            behind: provider,
            audit: { records in kept.update { $0 += records.map { $0.event } } }
        )
        let fingerprint = try #require(try await list(fixture).first?["fingerprint"]?.asString)
        let scope: Grant.Scope = trouble == .key ? .session(expires: nil) : .always
        try await fixture.grants.remember([Self.grant(to: fingerprint, scope)])
        if trouble == .keyAndState {
            // Maybe there is none yet.
            try? FileManager.default.removeItem(atPath: fixture.bus.folder.path("state"))
            try fixture.bus.folder.write("state", "no folder")
        }
        provider.failing.update { $0 = "Delete" }
        let error = await #expect(throws: DBusError.self) {
            try await call(fixture, ClientsInterface.revoke, "firefox")
        }
        let message = try #require(error?.message)
        #expect(message.hasPrefix("Its key could not be deleted from the keyring, "))
        #expect(kept.now == [.revoked])
        switch trouble {
        case .key:
            #expect(message.contains("It is let in no more. "))
            #expect(message.hasSuffix("What it was granted counts no more, and is deleted."))
        case .keyAndGrant:
            #expect(message.contains("It is let in no more. "))
            #expect(message.contains("counts no more, but stays in the keyring ("))
        case .keyAndState:
            #expect(message.contains("It is let in no more while Keybell runs, but is back after a restart"))
            #expect(message.hasSuffix("), and is back after a restart."))
        }
        #expect(try await fixture.grants.all().isEmpty)
        #expect(try await list(fixture).isEmpty)
        let again = await #expect(throws: DBusError.self) {
            try await call(fixture, ClientsInterface.revoke, "firefox")
        }
        #expect(again?.message.hasPrefix("Its key could not be deleted from the keyring, ") == true)
        provider.failing.update { $0 = nil }
        // Unless it has been deleted by itself.
        _ = await fixture.errorName { () throws(DBusError) in
            _ = try await call(fixture, ClientsInterface.revoke, "firefox")
        }
        #expect(try await session.secretTool(["lookup", "id", "firefox"]).output.isEmpty)
    }

    @Test func `a command that is told is one for a shell, whatever the Id`() async throws {
        let session = try await KeyringSession()
        let id = "a$(id) 'b' ;c"
        try await session.storeOutside(
            "x",
            ["xdg:schema": "org.keybell.ClientKey", "id": id, "database": "", "created": "1"],
            secret: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
        )
        let fixture = try await ServiceFixture(on: session)
        let known = try #require(try await list(fixture).first?["id"]?.asString)
        let error = await #expect(throws: DBusError.self) {
            try await call(fixture, ClientsInterface.forget, known, "none")
        }
        #expect(error?.message.contains("`keybell grants \(ShellWord.quoting(known))`") == true)
    }

    @Test func `while the keyring can't be read a client's grants end all the same`() async throws {
        let (session, _) = try await withClient()
        let provider = try await RefusingProvider(over: session)
        let kept = Observed<[AuditRecord.Event]>([])
        let fixture = try await ServiceFixture(
            on: session,
            behind: provider,
            audit: { records in kept.update { $0 += records.map { $0.event } } }
        )
        let fingerprint = try #require(try await list(fixture).first?["fingerprint"]?.asString)
        let grants = ["a.example", "b.example"].map { Self.grant(to: fingerprint, .always, at: $0) }
        try await fixture.grants.remember(grants)
        provider.failing.update { $0 = "SearchItems" }
        // Whatever comes of it, the keys are to be read anew.
        _ = await fixture.errorName { () throws(DBusError) in
            _ = try await call(fixture, ClientsInterface.rename, "firefox", "fox")
        }
        await #expect(throws: DBusError.self) { try await call(fixture, ClientsInterface.list) }
        // Whether it could be deleted is another matter.
        _ = await fixture.errorName { () throws(DBusError) in
            _ = try await call(fixture, ClientsInterface.forget, "firefox", grants[0].name)
        }
        #expect(try await fixture.grants.all().map(\.name) == [grants[1].name])
        #expect(kept.now == [.forgotten])
        let error = await #expect(throws: DBusError.self) {
            try await call(fixture, ClientsInterface.revoke, "firefox")
        }
        #expect(error?.message.contains("What it was granted counts no more") == true)
        #expect(try await fixture.grants.all().isEmpty)
    }

    private static func grant(
        to fingerprint: String,
        _ scope: Grant.Scope,
        at host: String = "a.example"
    ) -> Grant {
        let key = GrantKey(
            fingerprint: fingerprint,
            program: "/usr/bin/firefox",
            origin: nil,
            vault: "Passwords",
            kind: .release,
            host: host
        )
        return Grant(key: key, allows: true, entries: nil, scope: scope)
    }

    @Test func `a client whose item is locked by itself is revoked, and for the rest locked`() async throws {
        let (session, _) = try await withClient()
        let provider = try await RefusingProvider(over: session)
        provider.areItemsLocked.update { $0 = true }
        let fixture = try await ServiceFixture(on: session, behind: provider)
        let name = await fixture.errorName { () throws(DBusError) in
            _ = try await call(fixture, ClientsInterface.grants, "firefox")
        }
        #expect(name == KeybellBusError.locked)
        _ = try await call(fixture, ClientsInterface.revoke, "firefox")
        #expect(try await session.secretTool(["lookup", "id", "firefox"]).output.isEmpty)
    }

    @Test func `a grant is told when it is made, and when it is forgotten`() async throws {
        let (_, fixture) = try await withClient()
        let fingerprint = try #require(try await list(fixture).first?["fingerprint"]?.asString)
        var changes = try await fixture.client.signals(
            sender: KeybellBus.name,
            interface: ClientsInterface.name
        ).makeAsyncIterator()
        let grant = Grant(
            key: GrantKey(
                fingerprint: fingerprint,
                program: "/usr/bin/firefox",
                origin: nil,
                vault: "Passwords",
                kind: .release,
                host: "a.example"
            ),
            allows: true,
            entries: nil,
            scope: .session(expires: nil)
        )
        try await fixture.grants.remember([grant])
        #expect(await changes.next()?.member == "Changed")
        _ = try await call(fixture, ClientsInterface.forget, "firefox", grant.name)
        #expect(await changes.next()?.member == "Changed")
    }

    @Test func `what isn't there is not found`() async throws {
        let (_, fixture) = try await withClient()
        let calls: [(BusMethod, [Value])] = [
            (ClientsInterface.rename, [.string("chrome"), .string("a")]),
            (ClientsInterface.nameExtension, [.string("chrome"), .string("a")]),
            (ClientsInterface.revoke, [.string("chrome")]), (ClientsInterface.grants, [.string("chrome")]),
            (ClientsInterface.forget, [.string("chrome"), .string("a")]),
            (ClientsInterface.forget, [.string("firefox"), .string("no such grant")]),
        ]
        for (method, arguments) in calls {
            let name = await fixture.errorName { () throws(DBusError) in
                try await fixture.call(method, of: ClientsInterface.description, arguments)
            }
            #expect(name == KeybellBusError.notFound, "\(method.name)")
        }
    }

    @Test func `a locked keyring is locked, a missing one unavailable`() async throws {
        let (session, fixture) = try await withClient()
        try await session.gnome.lock()
        let locked = await fixture.errorName { () throws(DBusError) in
            _ = try await call(fixture, ClientsInterface.list)
        }
        #expect(locked == KeybellBusError.locked)
        let bare = try await ServiceFixture()
        let missing = await bare.errorName { () throws(DBusError) in
            _ = try await call(bare, ClientsInterface.list)
        }
        #expect(missing == KeybellBusError.unavailable)
    }
}
