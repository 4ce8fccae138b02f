// SPDX-License-Identifier: Apache-2.0

import Approval
import Clients
import KeePassHTTP
import SecureMemory
import TestSupport
import Testing
import Vault

@testable import Operations

/// A client that is restricted to a part of the vaults: what isn't in it doesn't exist for it, whatever it asks.
@Suite(.timeLimit(.minutes(1))) struct RestrictedClientTests {
    /// A part by each of the three lists; all have the same logins in them.
    static let parts = ["vaults", "groups", "hosts"]
    private static let (inside, outside) = (LoginID.random(), LoginID.random())

    private static func restriction(_ part: String) throws -> ClientRestriction {
        switch part {
        case "vaults": try ClientRestriction(vaults: ["Passwords"])
        case "groups": try ClientRestriction(groups: ["Root/Web"])
        default: try ClientRestriction(hosts: ["*.in.example", "in.example"])
        }
    }

    private static func login(_ id: LoginID, _ url: String, _ title: String, group: String) -> Login {
        var login = Login.at(url, title)
        (login.id, login.group) = (id, LoginGroup(path: group))
        return login
    }

    /// A client that is restricted, and logins in its part, which refer to what isn't in it if that is there.
    private static func fixture(
        _ part: String,
        hasOutside: Bool,
        rules: (inout ClientRules) -> Void = { _ in }
    ) async throws -> OperationsFixture {
        let other = MemoryVault("other")
        let fixture = await OperationsFixture(
            rules: {
                ($0.returnsFields, $0.onlyKPHFields, $0.passwordsInGetAllLogins) = (true, false, true)
                rules(&$0)
            },
            others: hasOutside || part != "vaults" ? [other] : []
        )
        let references = [
            "U@I:\(outside.hex)", "P@I:\(outside.hex)", "P@T:secret title", "P@U:boss", "N@I:\(outside.hex)",
            "A@A:https://out.example/", "P@P:far", "P@O:4711", "I@T:secret title", "T@N:noted",
        ]
        let text = references.map { "{REF:\($0)}" }.joined(separator: " ")
        var login = Self.login(inside, "https://in.example/", "mine", group: "Root/Web")
        login.username = text
        await fixture.vault.put(login, password: text, fields: ["KPH: all": text])
        if hasOutside {
            var far = Self.login(outside, "https://out.example/", "secret title", group: "Root/Other")
            far.username = "boss"
            far.furtherURLs = ["https://more.out.example/"]
            let vault = part == "vaults" ? other : fixture.vault
            await vault.put(far, password: "far", fields: ["PIN": "4711"])
            await vault.describe(outside, notes: "noted", tags: ["tagged"], former: [])
        }
        await fixture.clients.restrict(fixture.client, to: try restriction(part))
        return fixture
    }

    private static let searches = ["secret title", "boss", "far", "4711", "tagged", "Other", "."]

    /// Every request that reads, asking for all that isn't in its part and for some that is.
    private static func reads(_ client: TestClient) throws -> [[UInt8]] {
        let pages = [
            "https://out.example/", "https://more.out.example/", "https://in.example/",
            "https://sub.in.example/",
            "secret title", "mine",
        ]
        let flags = [
            "SearchInPasswords", "SearchInNotes", "SearchInOther", "SearchInStringNames", "SearchInTags",
            "SearchInUuids", "SearchInGroupPaths", "SearchInGroupNames", "SearchInHistory", "SearchInUrls",
            "SearchInUserNames", "SearchInTitles",
        ].map { (name: $0, value: true) }
        var requests: [[UInt8]] = []
        for page in pages {
            requests.append(try client.request(.getLogins, ["Url": page]))
            requests.append(try client.request(.getLoginsCount, ["Url": page]))
        }
        for id in [outside, inside] {
            requests.append(try client.request(.getLoginByUUID, ["Uuid": id.hex]))
        }
        requests.append(try client.request(.getLoginsByNames, names: ["secret title", "mine"]))
        requests.append(try client.request(.getAllLogins))
        for text in searches {
            requests.append(try client.request(.customSearch, ["SearchString": text]))
            requests.append(try client.request(.customSearch, ["SearchString": text], flags: flags))
        }
        requests.append(
            try client.request(
                .customSearch,
                ["SearchString": outside.hex],
                flags: [(name: "SearchInUuids", value: true)]
            )
        )
        return requests
    }

    /// All that a client is told, and what the person is asked.
    private static func told(_ exchange: Exchange, _ asked: [PendingRequest]) -> [String] {
        let entries = exchange.reply.entries.flatMap { entry in
            [entry.name, entry.login, entry.uuid, entry.password.exposedText() ?? ""]
                + entry.stringFields.map { "\($0.key)=\($0.value.exposedText() ?? "")" }
        }
        let questions = asked.map {
            "\($0.kind) \($0.entries.map(\.title)) \($0.fieldNames) \($0.vault ?? "")"
        }
        return ["\(exchange.status) \(exchange.reply.count ?? -1) \(exchange.reply.error ?? "")"] + entries
            + questions
    }

    @Test(arguments: parts, [ClientRules.Ask.always, .never])
    func `what isn't in its part is to it as what doesn't exist`(
        part: String,
        bulk: ClientRules.Ask
    ) async throws {
        let whole = try await Self.fixture(part, hasOutside: true) { $0.bulkAccess = bulk }
        let alone = try await Self.fixture(part, hasOutside: false) { $0.bulkAccess = bulk }
        for number in try Self.reads(whole.client).indices {
            var outcomes: [[String]] = []
            for fixture in [whole, alone] {
                let before = await fixture.asked().count
                let body = try Self.reads(fixture.client)[number]
                let exchange = try await fixture.verified(fixture.client, body, .allow)
                await exchange.deliver()
                outcomes.append(Self.told(exchange, Array(await fixture.asked().dropFirst(before))))
            }
            #expect(outcomes[0] == outcomes[1], "\(number)")
        }
    }

    @Test(arguments: parts) func `it has what is in its part, and no reference leads out of that`(
        part: String
    )
        async throws
    {
        let fixture = try await Self.fixture(part, hasOutside: true) { $0.access = .never }
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, ["Url": "https://in.example/"])
        )
        let entry = try #require(exchange.reply.entries.first)
        let text = "{REF:U@I:\(Self.outside.hex)} {REF:P@I:\(Self.outside.hex)} "
        #expect(entry.uuid == Self.inside.hex && entry.login.hasPrefix(text))
        #expect(entry.password.exposedText()?.hasPrefix(text) == true)
        let whole = try await Self.fixture(part, hasOutside: true) { $0.access = .never }
        await whole.clients.restrict(whole.client, to: .everything)
        let all = try await whole.verified(
            whole.client,
            whole.client.request(.getLogins, ["Url": "https://in.example/"])
        )
        // In another vault it is out of reach for anybody.
        #expect(all.reply.entries.first?.login.hasPrefix("boss ") == (part != "vaults"))
    }

    @Test(arguments: parts) func `an entry that isn't in its part can't be changed, and nobody is asked`(
        part: String
    )
        async throws
    {
        for hasOutside in [true, false] {
            let fixture = try await Self.fixture(part, hasOutside: hasOutside) { $0.saving = .never }
            let exchange = try await fixture.verified(
                fixture.client,
                fixture.client.request(.setLogin, ["Uuid": Self.outside.hex, "Password": "mine now"]),
                .allow
            )
            #expect(exchange.reply.error == "There is no such entry." && exchange.status == 200)
            #expect(await fixture.asked().isEmpty)
        }
    }

    @Test func `a new login goes into its first vault and its first group`() async throws {
        let other = MemoryVault("other")
        let fixture = await OperationsFixture(rules: { $0.saving = .never }, others: [other])
        let restriction = try ClientRestriction(
            vaults: ["gone", "other", "Passwords"],
            groups: ["A/B", "C"]
        )
        await fixture.clients.restrict(fixture.client, to: restriction)
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.setLogin, ["Url": "https://a.example/", "Login": "me"])
        )
        #expect(exchange.reply.success)
        #expect(await other.saves.map(\.group) == ["A/B"])
        #expect(await other.saves.map(\.isGroupPath) == [true])
        #expect(await fixture.vault.saves.isEmpty)
    }

    @Test func `for a host that isn't in its part nothing is saved, and nobody is asked, not even to unlock`()
        async throws
    {
        let fixture = try await Self.fixture("hosts", hasOutside: true)
        let fields: [KeyValuePairs<String, String>] = [
            ["Url": "https://out.example/", "Login": "me"], ["Url": "not a host", "Login": "me"],
            ["Login": "me"],
            ["Url": "https://in.example/", "SubmitUrl": "https://out.example/", "Login": "me"],
            ["Url": "https://in.example/", "Name": "out.example"],
            ["Uuid": Self.inside.hex, "Url": "https://out.example/"],
            ["Uuid": Self.inside.hex, "Name": "out.example"],
        ]
        for fields in fields {
            let exchange = try await fixture.verified(
                fixture.client,
                fixture.client.request(.setLogin, fields),
                .allow
            )
            #expect(exchange.reply.error == ClientRestriction.hostRefusal)
        }
        await fixture.vault.lock()
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.setLogin, fields[0], triggerUnlock: true),
            .allow
        )
        #expect(exchange.reply.error == ClientRestriction.hostRefusal)
        #expect(await fixture.asked().isEmpty)
        #expect(await fixture.vault.saves.isEmpty)
    }

    @Test func `nothing but its vaults is unlocked for it, nor said to be locked`() async throws {
        let other = MemoryVault("other")
        await other.lock()
        let fixture = await OperationsFixture(rules: { $0.bulkAccess = .never }, others: [other])
        await fixture.clients.restrict(fixture.client, to: try ClientRestriction(vaults: ["Passwords"]))
        for body in try Self.reads(fixture.client) {
            let exchange = try await fixture.verified(fixture.client, body, .allow)
            #expect(exchange.status == 200 && exchange.reply.entries.isEmpty)
        }
        await fixture.vault.lock()
        let test = try fixture.client.request(.testAssociate, triggerUnlock: true)
        #expect(try await fixture.verified(fixture.client, test, .allow).reply.success)
        #expect(await fixture.asked().map(\.vault) == ["Passwords"])
        #expect(await other.unlocks == 0)
        #expect(await fixture.vault.unlocks == 1)
    }

    @Test func `while the first vault was never opened its name is told to nobody who doesn't see it`()
        async throws
    {
        let fixture = await OperationsFixture(
            vault: MemoryVault("hidden", hash: nil),
            others: [MemoryVault("other")]
        )
        await fixture.clients.restrict(fixture.client, to: try ClientRestriction(vaults: ["other"]))
        for body in try Self.reads(fixture.client) + [fixture.client.request(.testAssociate)] {
            let exchange = try await fixture.verified(fixture.client, body)
            #expect(exchange.status == 503 && !exchange.body.contains("hidden"), "\(exchange.body)")
        }
    }

    @Test func `where none of its vaults is there it finds nothing and saves nothing`() async throws {
        let restrictions = [try ClientRestriction(vaults: ["gone"]), .unreadable]
        for (restriction, ask) in restrictions.flatMap({ [($0, ClientRules.Ask.never), ($0, .always)] }) {
            let fixture = try await Self.fixture("hosts", hasOutside: true) {
                ($0.access, $0.bulkAccess, $0.saving) = (.never, ask, .never)
            }
            await fixture.clients.restrict(fixture.client, to: restriction)
            for body in try Self.reads(fixture.client) {
                let exchange = try await fixture.verified(fixture.client, body, .allow)
                #expect(exchange.status == 200 && exchange.reply.entries.isEmpty)
                #expect(exchange.reply.count ?? 0 == 0)
            }
            let exchange = try await fixture.verified(
                fixture.client,
                fixture.client.request(.setLogin, ["Url": "https://in.example/", "Login": "me"])
            )
            #expect(exchange.reply.error == ClientRestriction.vaultRefusal)
            #expect(await fixture.asked().isEmpty)
        }
    }

    static let requests: [(RequestType, KeyValuePairs<String, String>)] = [
        (.getLogins, ["Url": "https://out.example/"]), (.getAllLogins, [:]),
        (.getLoginByUUID, ["Uuid": outside.hex]), (.customSearch, ["SearchString": "secret title"]),
        (.setLogin, ["Uuid": outside.hex, "Login": "mine", "Password": "secret"]),
    ]

    @Test(arguments: requests.indices) func `a restriction counts for what was asked before it`(number: Int)
        async throws
    {
        let (type, fields) = Self.requests[number]
        for scope in [GrantScope.once, .always] where scope == .once || number == 0 {
            let fixture = try await Self.fixture("groups", hasOutside: true)
            await fixture.clients.restrict(fixture.client, to: .everything)
            var events = fixture.approvals.events().makeAsyncIterator()
            let pending = fixture.sending(fixture.client, try fixture.client.request(type, fields))
            let question = try await fixture.next(&events)
            await fixture.clients.restrict(fixture.client, to: try Self.restriction("groups"))
            let others = fixture.approvals.events()
            let denying = Task { [approvals = fixture.approvals] in
                for await case .added(let other) in others {
                    try await approvals.answer(
                        code: other.code,
                        decision: .deny,
                        choices: Choices(),
                        through: .notifier
                    )
                }
            }
            let effect = try await fixture.approvals.answer(
                code: question.code,
                decision: .allow,
                choices: Choices(scope: scope),
                through: .notifier
            )
            let isNotKept =
                if case .notKept(let why) = effect { why.contains("restricted to was changed") } else {
                    false
                }
            #expect(isNotKept == (scope == .always))
            let exchange = try await pending.value
            denying.cancel()
            // The search that was allowed finds what it sees now.
            let isAllowed = type == .customSearch
            #expect(exchange.reply.entries.map(\.uuid) == (isAllowed ? [Self.inside.hex] : []))
            // What it may not see isn't asked about again.
            let anew = await fixture.asked().dropFirst()
            #expect(anew.flatMap(\.entries).allSatisfy { $0.uuid == Self.inside.hex })
            #expect(await fixture.vault.saves.isEmpty)
            #expect(await fixture.grants.grants.isEmpty)
            // It is no way round it to ask again while the allow is remembered.
            let again = try await fixture.verified(
                fixture.client,
                fixture.client.request(type, fields),
                .deny
            )
            #expect(again.reply.entries.allSatisfy { $0.uuid == Self.inside.hex })
        }
    }

    @Test(arguments: requests.indices) func `it counts, too, when it comes while the reply is made`(
        number: Int
    )
        async throws
    {
        let fixture = try await Self.fixture("groups", hasOutside: true) {
            ($0.access, $0.bulkAccess, $0.saving) = (.never, .never, .never)
        }
        await fixture.clients.restrict(fixture.client, to: .everything)
        let restriction = try Self.restriction("groups")
        await fixture.vault.meanwhile { [clients = fixture.clients, client = fixture.client] in
            await clients.restrict(client, to: restriction)
        }
        let (type, fields) = Self.requests[number]
        let exchange = try await fixture.verified(fixture.client, fixture.client.request(type, fields))
        // The answer is the one for what it sees now, rather than none; its own login has the words that are looked for.
        let isSeen = [.getAllLogins, .customSearch].contains(type)
        #expect(exchange.reply.entries.map(\.uuid) == (isSeen ? [Self.inside.hex] : []))
        #expect(exchange.reply.success == (type != .setLogin))
        #expect(await fixture.vault.saves.isEmpty)
    }

    @Test func `who waits is asked about anew once the client is restricted`() async throws {
        let fixture = try await Self.fixture("groups", hasOutside: true)
        await fixture.clients.restrict(fixture.client, to: .everything)
        var events = fixture.approvals.events().makeAsyncIterator()
        let pending = fixture.sending(fixture.client, try fixture.client.request(.getAllLogins))
        #expect(try await fixture.next(&events).entries.count == 2)
        await fixture.clients.restrict(fixture.client, to: try Self.restriction("groups"))
        await fixture.approvals.end(.key(fixture.client.key.fingerprint))
        let second = try await fixture.next(&events)
        #expect(second.entries.map(\.uuid) == [Self.inside.hex])
        try await fixture.allow(second)
        #expect(try await pending.value.reply.entries.map(\.uuid) == [Self.inside.hex])
    }

    @Test func `a client whose restriction changes each time it is answered is told so`() async throws {
        let fixture = try await Self.fixture("hosts", hasOutside: false) { $0.access = .never }
        let count = Observed(0)
        await fixture.vault.meanwhile { [clients = fixture.clients, client = fixture.client] in
            count.update { $0 += 1 }
            // These are hosts.
            let restriction = try? ClientRestriction(hosts: ["in.example", "n\(count.now).example"])
            await clients.restrict(client, to: restriction ?? .unreadable)
        }
        let body = try fixture.client.request(.getLogins, ["Url": "https://in.example/"])
        let exchange = try await fixture.verified(fixture.client, body)
        #expect(exchange.reply.error?.contains("changed again and again") == true)
        #expect(exchange.reply.entries.isEmpty)
    }

    @Test func `always for a name or a uuid is for what is in its part`() async throws {
        let fixture = try await Self.fixture("hosts", hasOutside: true)
        await fixture.vault.put(Self.login(.random(), "https://out.example/", "mine", group: "Root/Web"))
        let names = try fixture.client.request(.getLoginsByNames, names: ["mine"])
        let first = try await fixture.verified(fixture.client, names, .allow(Choices(scope: .always)))
        await first.deliver()
        #expect(first.reply.entries.map(\.uuid) == [Self.inside.hex])
        #expect(await fixture.grants.grants.map(\.entries) == [[Self.inside.hex]])
        // Neither the same by uuid, nor what it may see beside it later on.
        let uuid = try fixture.client.request(.getLoginByUUID, ["Uuid": Self.inside.hex])
        for body in [try fixture.client.request(.getLoginsByNames, names: ["mine"]), uuid] {
            let next = try await fixture.verified(fixture.client, body)
            #expect(next.reply.entries.map(\.uuid) == [Self.inside.hex])
        }
        #expect(await fixture.asked().count == 1)
        await fixture.clients.restrict(fixture.client, to: .everything)
        let all = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLoginsByNames, names: ["mine"]),
            .deny
        )
        #expect(all.reply.entries.map(\.uuid) == [Self.inside.hex])
        #expect(await fixture.asked().last?.entries.count == 1)
        await fixture.clients.restrict(fixture.client, to: try ClientRestriction(groups: ["Elsewhere"]))
        #expect(try await fixture.verified(fixture.client, uuid).reply.entries.isEmpty)
    }

    @Test func `a vault that was never opened, and that it doesn't see, isn't opened for it`() async throws {
        let first = MemoryVault(hash: nil)
        await first.lock()
        let other = MemoryVault("other")
        let fixture = await OperationsFixture(vault: first, others: [other])
        await fixture.clients.restrict(fixture.client, to: try ClientRestriction(vaults: ["other"]))
        for type in [RequestType.getLogins, .generatePassword] {
            let exchange = try await fixture.verified(
                fixture.client,
                fixture.client.request(type, ["Url": "https://in.example/"], triggerUnlock: true),
                .allow
            )
            #expect(exchange.status == 503)
        }
        #expect(await fixture.asked().isEmpty)
    }
}
