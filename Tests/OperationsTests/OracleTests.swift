// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import KeePassHTTP
import SecureMemory
import Testing
import Vault

@testable import Operations

/// First the word, then the look: what a client may not see it can't learn before the person's allow.
///
/// Each request is sent to two vaults that differ in one secret. Until somebody allows, status, reply, what is asked and
/// the work that was done (secrets opened, texts and steps of searches) are the same; `OracleTimingTests` has the times.
@Suite(.timeLimit(.minutes(2))) struct OracleTests {
    /// A request, by what it asks.
    struct Probe: CustomTestStringConvertible, Sendable {
        let name: String
        let body: @Sendable (TestClient) throws -> [UInt8]
        var testDescription: String { name }
    }

    /// One secret of the login, with the value that is guessed and another one.
    enum Secret: CaseIterable { case password, notes, field, fieldName, former, uuid, query }

    private static let id = LoginID(high: 1, low: 2)
    private static let guess = "Tr0ub4dor"

    private static func fixture(_ secret: Secret, isGuessed: Bool, limits: ApprovalLimits = ApprovalLimits())
        async -> OperationsFixture
    {
        let fixture = await OperationsFixture(limits: limits)
        let text = isGuessed ? guess : "n0thing-else"
        // The uuid as a pattern sees it: only its end differs, so that no exact one is asked for.
        let id = secret == .uuid && isGuessed ? LoginID(high: 1, low: 0xABCD) : Self.id
        var login = Login(id: id, title: "Bank", username: "me", url: "https://bank.example/")
        login.settings = EntrySettings()
        if secret == .query {
            login.url = "https://bank.example/in?token=\(text)"
            login.furtherURLs = ["\"https://shop.example/in?token=\(text)\""]
        }
        let name = secret == .fieldName ? text : "Pin"
        await fixture.vault.put(
            login,
            password: secret == .password ? text : "same",
            fields: [name: secret == .field ? text : "same"]
        )
        let former = FormerLogin(
            login: Login(id: id, title: secret == .former ? text : "same"),
            secrets: LoginSecrets(password: SecretBytes(utf8: secret == .former ? text : "same"))
        )
        await fixture.vault.describe(
            id,
            notes: secret == .notes ? text : "same",
            tags: ["money"],
            former: [former]
        )
        return fixture
    }

    static let flags = [
        "SearchInTitles", "SearchInUserNames", "SearchInPasswords", "SearchInUrls", "SearchInNotes",
        "SearchInOther", "SearchInStringNames", "SearchInTags", "SearchInUuids", "SearchInGroupPaths",
        "SearchInGroupNames", "SearchInHistory",
    ]

    private static func search(
        _ text: String,
        _ on: [String],
        mode: String? = nil,
        also: [String: String] = [:]
    ) -> Probe {
        Probe(name: "\(mode ?? "Simple") \(text) in \(on.joined(separator: ", "))") { client in
            let places = flags.map { "\"\($0)\":\(on.contains($0))" }
            var request = try WireRequest(
                "get-logins-custom-search",
                id: client.id,
                key: client.key,
                ["SearchString": text]
            )
            for place in places {
                let parts = place.split(separator: ":")
                request[String(parts[0].dropFirst().dropLast())] = String(parts[1])
            }
            request["SearchMode"] = mode.map { "\"\($0)\"" }
            for (name, value) in also { request[name] = value }
            return request.bytes
        }
    }

    private static func save(
        _ name: String,
        _ fields: [String: String],
        _ stringFields: [(key: String, value: String?)] = []
    ) -> Probe {
        Probe(name: "set-login \(name)") { client in
            try OutgoingRequest(
                .setLogin,
                id: client.id,
                fields: fields.merging(["Uuid": id.hex]) { $1 }.sorted { $0.key < $1.key }.map {
                    (name: $0.key, value: SecretBytes(utf8: $0.value))
                },
                stringFields: stringFields.map { field in
                    (key: field.key, value: field.value.map { SecretBytes(utf8: $0) })
                }
            ).encoded(with: client.key)
        }
    }

    private static func plain(_ type: RequestType) -> Probe {
        Probe(name: type.rawValue) { client in
            try client.request(
                type,
                ["Url": "https://bank.example/", "Uuid": id.hex, "SearchString": guess],
                names: ["Bank", guess]
            )
        }
    }

    private static func page(_ type: RequestType, _ url: String) -> Probe {
        Probe(name: "\(type.rawValue) \(url)") { try $0.request(type, ["Url": url]) }
    }

    private static let others: [RequestType] = [
        .testAssociate, .getLogins, .getLoginsCount, .getLoginsByNames, .getAllLogins, .generatePassword,
    ]

    static let probes: [Probe] =
        flags.map { search(guess, [$0]) } + flags.map { search("^T(?=r0)", [$0], mode: "Regular") }
        + [
            search(guess, flags), search("-\(guess)", flags), search("0000ABCD", ["SearchInUuids"]),
            search("ABCD$", ["SearchInUuids"], mode: "Regular"), search("nowhere", flags),
            // One that runs away where the guess is right, and would have been told at once.
            search("^Tr0(?:(?:[a-z0-9]+)+)+!$", flags, mode: "Regular"),
            search("(?=Tr0)(?:.*)*\\d{99}", ["SearchInPasswords"], mode: "Regular"),
            save("a guessed password", ["Password": guess]),
            save("the same password", ["Password": "same"]),
            save("a guessed field", [:], [(key: "Pin", value: guess)]),
            save("the same field", [:], [(key: "Pin", value: "same")]),
            save("a guessed field's name", [:], [(key: guess, value: nil)]),
            save("no such field", [:], [(key: "Gone", value: nil)]),
            save("notes", [:], [(key: "Notes", value: guess)]),
            save("a guess among what is public", ["Password": guess, "Login": "me"]),
            save("a guessed URL", ["Url": "https://bank.example/in?token=\(guess)"]),
            save("a guessed user in a URL", ["Url": "https://\(guess)@bank.example/in"]),
            page(.getLoginsCount, "https://shop.example/in?token=\(guess)"),
            page(.getLogins, "https://shop.example/in?token=\(guess)"),
        ] + others.map(plain)

    /// All that is seen of a request before anybody allows: by the client, and on the bus.
    private static func seen(_ probe: Probe, in fixture: OperationsFixture, _ words: PersonAnswer...)
        async throws -> [String]
    {
        let exchange = try await fixture.verified(
            probe.body(fixture.client),
            from: fixture.client.caller,
            key: fixture.client.key,
            words
        )
        let told = exchange.reply
        var seen = [
            "\(exchange.status)", "\(told.success)", told.error ?? "-", "\(told.count ?? -1)",
            "\(told.entries.filter { $0.name != "generate-password" }.map(\.name))",
        ]
        for question in await fixture.asked() {
            seen += [
                question.kind.rawValue, question.title, question.body, "\(question.fields)",
                "\(question.entryCount)", "\(question.entries.map(\.title))", "\(question.places)",
                "\(question.newHosts)", "\(question.passwords)", question.search ?? "-",
            ]
        }
        // The work that was done for it, which its time tells.
        seen.append("opened \(await fixture.vault.openedSecrets), looked \(await fixture.vault.looks)")
        seen.append("searched \(await fixture.handler.parts.searches.work)")
        return seen
    }

    @Test(arguments: probes)
    func `a secret changes nothing before the allow`(probe: Probe) async throws {
        for secret in Secret.allCases {
            // With another uuid another entry is asked for by it: that isn't a guess of 128 bits.
            if secret == .uuid, probe.name.hasPrefix("set-login") { continue }
            let (right, wrong) = (
                await Self.fixture(secret, isGuessed: true), await Self.fixture(secret, isGuessed: false)
            )
            #expect(try await Self.seen(probe, in: right) == Self.seen(probe, in: wrong), "\(secret), denied")
            var limits = ApprovalLimits()
            limits.timeout = .milliseconds(1)
            let silent = (
                await Self.fixture(secret, isGuessed: true, limits: limits),
                await Self.fixture(secret, isGuessed: false, limits: limits)
            )
            let texts = (
                try await silent.0.sending(silent.0.client, probe.body(silent.0.client)).value,
                try await silent.1.sending(silent.1.client, probe.body(silent.1.client)).value
            )
            #expect(texts.0.reply.error == texts.1.reply.error && texts.0.status == texts.1.status)
            limits = ApprovalLimits()
            limits.total = 0
            limits.waitingTotal = 0
            let full = (
                await Self.fixture(secret, isGuessed: true, limits: limits),
                await Self.fixture(secret, isGuessed: false, limits: limits)
            )
            #expect(try await Self.seen(probe, in: full.0) == Self.seen(probe, in: full.1), "\(secret), full")
        }
    }

    @Test(arguments: [
        "SearchInPasswords", "SearchInNotes", "SearchInOther", "SearchInHistory", "SearchInUuids",
    ])
    func `a search of what isn't public asks with its text and places, and looks after the allow`(
        flag: String
    ) async throws {
        let fixture = await Self.fixture(.password, isGuessed: true)
        var events = fixture.approvals.events().makeAsyncIterator()
        let pending = fixture.sending(fixture.client, try Self.search("same", [flag]).body(fixture.client))
        let question = try await fixture.next(&events)
        #expect(question.bulk && question.search == "same" && question.places.count == 1)
        #expect(question.requestType == "get-logins-custom-search" && question.passwords)
        #expect(question.entryCount == 0)
        #expect(await fixture.vault.openedSecrets == 0)
        try await fixture.allow(question)
        let found = try await pending.value.titles
        #expect(found == (["SearchInNotes", "SearchInOther"].contains(flag) ? ["Bank"] : []))
    }

    @Test func `a search looks through the vaults that the question named, and no others`() async throws {
        let other = MemoryVault("Work")
        let fixture = await OperationsFixture(others: [other])
        for vault in [fixture.vault, other] {
            await vault.put(Login(id: .random(), title: "in \(vault.name)"), password: "same")
        }
        await other.lock()
        var events = fixture.approvals.events().makeAsyncIterator()
        let search = Self.search("same", ["SearchInPasswords"])
        let pending = fixture.sending(fixture.client, try search.body(fixture.client))
        let question = try await fixture.next(&events)
        #expect(question.vault == "Passwords")
        try await other.unlock(for: UnlockReason())
        try await fixture.allow(question)
        #expect(try await pending.value.titles == ["in Passwords"])
        #expect(await other.openedSecrets == 0)
    }

    @Test func `what is cut off, and what finds nothing, is told after the allow`() async throws {
        let fixture = await Self.fixture(.password, isGuessed: true)
        await fixture.vault.put(
            Login(id: .random(), title: "Long"),
            password: String(repeating: "a", count: 60) + "!"
        )
        let away = try Self.search("(a+)+$", ["SearchInPasswords"], mode: "Regular").body(fixture.client)
        let exchange = try await fixture.verified(fixture.client, away, .allow)
        #expect(exchange.status == 200 && !exchange.reply.success)
        #expect(exchange.reply.error == SearchError.tookTooLong.sentence)
        let nothing = try Self.search("nowhere", ["SearchInPasswords"]).body(fixture.client)
        let second = try await fixture.verified(fixture.client, nothing, .allow)
        #expect(second.reply.success && second.reply.entries.isEmpty)
        #expect(await fixture.asked().count == 2)
    }

    @Test(arguments: ["(*LIMIT_DEPTH=10)a", "(*NO_START_OPT)a", "(", "a(*COMMIT)b"])
    func `what is no expression is known without a look, and said at once`(text: String) async throws {
        let fixture = await Self.fixture(.password, isGuessed: true)
        let body = try Self.search(text, ["SearchInPasswords"], mode: "Regular").body(fixture.client)
        let exchange = try await fixture.verified(fixture.client, body)
        #expect(exchange.reply.error == SearchError.invalidPattern.sentence)
        #expect(await fixture.asked().isEmpty)
    }

    @Test func `an allow for one search is none for another place, mode or request case`() async throws {
        let fixture = await Self.fixture(.password, isGuessed: true)
        let probes = [
            Self.search("same", ["SearchInNotes"]), Self.search("same", ["SearchInPasswords"]),
            Self.search("same", ["SearchInNotes"], mode: "Regular"),
        ]
        for probe in probes {
            _ = try await fixture.verified(fixture.client, probe.body(fixture.client), .allow)
        }
        #expect(await fixture.asked().count == probes.count)
    }

    @Test func `a search of what is public looks first, and asks about what it found`() async throws {
        let fixture = await Self.fixture(.password, isGuessed: true)
        let none = try Self.search("nowhere", ["SearchInTitles", "SearchInTags"]).body(fixture.client)
        #expect(try await fixture.verified(fixture.client, none).reply.success)
        #expect(await fixture.asked().isEmpty)
        let some = try Self.search("bank", ["SearchInTitles"]).body(fixture.client)
        #expect(try await fixture.verified(fixture.client, some, .allow).titles == ["Bank"])
        #expect(await fixture.asked().first?.entries.map(\.title) == ["Bank"])
    }

    /// All that is seen of a search before anybody allows, where it is asked about what is public.
    private static func seenWithout(
        _ word: PersonAnswer,
        _ text: String,
        _ flags: [String: String],
        in login: Login
    ) async throws -> [String] {
        let fixture = await OperationsFixture()
        await fixture.vault.put(login)
        let probe = search(
            text,
            ["SearchInTitles", "SearchInUserNames", "SearchInUrls", "SearchInTags", "SearchInGroupNames"],
            mode: flags["SearchMode"],
            also: flags.filter { $0.key != "SearchMode" }
        )
        return try await seen(probe, in: fixture, word)
    }

    @Test(arguments: [
        // One that is cut off where the guess is right, one that only takes longer, and one that just finds it.
        "^(?=https://admin:hunter2)(?:.|.)+(?!)", "^(?=https://admin:hunter2)(?:.|.){12}(?!)", "hunter2",
    ])
    func `an expression asks before it looks, also at what is public`(text: String) async throws {
        let logins = ["hunter2", "other"].map {
            Login(
                id: LoginID(high: 1, low: 2),
                title: "Router",
                url: "https://admin:\($0)@router.example/cgi?token=s3cr3ttok"
            )
        }
        let mode = ["SearchMode": "Regular"]
        let right = try await Self.seenWithout(.deny, text, mode, in: logins[0])
        let wrong = try await Self.seenWithout(.deny, text, mode, in: logins[1])
        #expect(right == wrong)
        #expect(right.contains("release"))
    }

    @Test(arguments: ["ExcludeExpired", "RespectEntrySearchingDisabled"])
    func `whether an entry is expired, or hidden from searches, is asked about before the look`(
        flag: String
    ) async throws {
        let flags = [flag: flag == "ExcludeExpired" ? "true" : "false"]
        var login = Login(id: LoginID(high: 1, low: 2), title: "Router")
        let plain = try await Self.seenWithout(.deny, "router", flags, in: login)
        login.expires = 1
        let expired = try await Self.seenWithout(.deny, "router", flags, in: login)
        login.expires = nil
        login.isSearchable = false
        let hidden = try await Self.seenWithout(.deny, "router", flags, in: login)
        #expect(plain == expired && plain == hidden)
        #expect(plain.contains("release"))
    }

    @Test(arguments: ["hunter2", "admin", "s3cr3t", "frag"])
    func `words look at URLs without what may be secret in them, until somebody allows`(
        text: String
    ) async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.put(
            Login(id: .random(), title: "Router", url: "https://admin:hunter2@router.example/?s3cr3t#frag")
        )
        let urls = try Self.search(text, ["SearchInUrls"]).body(fixture.client)
        #expect(try await fixture.verified(fixture.client, urls, .allow).titles.isEmpty)
        #expect(await fixture.asked().isEmpty)
        let host = try Self.search("router.example", ["SearchInUrls"]).body(fixture.client)
        #expect(try await fixture.verified(fixture.client, host, .allow).titles == ["Router"])
        let notes = try Self.search(text, ["SearchInUrls", "SearchInNotes"]).body(fixture.client)
        #expect(try await fixture.verified(fixture.client, notes, .allow).titles == ["Router"])
    }

    // MARK: Mutes

    @Test(arguments: RequestType.allCases.filter { $0 != .associate })
    func `a muted program is refused unseen before anything is looked at`(type: RequestType) async throws {
        let fixture = await Self.fixture(.password, isGuessed: true)
        await fixture.vault.put(
            Login(
                id: .random(),
                title: "Free",
                url: "https://free.example/",
                settings: EntrySettings(allow: ["free.example"])
            )
        )
        let ask = try fixture.client.request(.getAllLogins)
        _ = try await fixture.verified(fixture.client, ask, .deny(Choices(muteSeconds: 60)))
        await fixture.vault.fail(with: .locked)
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(
                type,
                ["Url": "https://free.example/", "SearchString": "x", "Uuid": Self.id.hex, "Login": "x"],
                names: ["Free"]
            )
        )
        #expect(exchange.status == 200)
        let isRead = ![.setLogin, .generatePassword, .testAssociate].contains(type)
        #expect(isRead || exchange.reply.error == "Denied")
        #expect(exchange.reply.success == isRead && exchange.reply.hash != nil)
        #expect(exchange.reply.entries.isEmpty && exchange.reply.count == (isRead ? 0 : nil))
        #expect(await fixture.asked().count == 1)
    }
}
