// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import BusInterface
import Callers
import DBus
import Glibc
import TestSupport
import Testing
import Vault

struct `Requests on the bus` {
    let fixture: ServiceFixture

    init() async throws {
        fixture = try await ServiceFixture()
    }

    private func answer(
        _ code: String,
        _ decision: String,
        _ choices: [String: Value] = [:]
    ) async throws(DBusError) {
        let arguments: [Value] = [.string(code), .string(decision), .vardict(choices)]
        try await fixture.call(ApprovalInterface.answer, arguments)
    }

    private func listed(_ method: BusMethod) async throws -> [String: [String: Value]] {
        let answer = try await fixture.call(method)
        let byCode = try #require(answer.first?.asDict)
        return byCode.reduce(into: [:]) { list, entry in
            list[entry.key.asString ?? ""] = entry.value.vardict
        }
    }

    @Test func `a request is told, listed, answered and told again`() async throws {
        let signals = try await fixture.client.signals(
            sender: KeybellBus.name,
            interface: ApprovalInterface.name
        )
        let (code, asked) = try await fixture.ask(.full(.release))
        var next = signals.makeAsyncIterator()
        let added = try #require(await next.next())
        #expect(added.member == "RequestAdded")
        #expect(added.body.first == .string(code))
        #expect(try await listed(ApprovalInterface.listRequests)[code] == added.body.last?.vardict)
        try await answer(code.lowercased(), "allow")
        let removed = try #require(await next.next())
        #expect(removed.member == "RequestRemoved")
        #expect(removed.body == [.string(code), .string("allowed")])
        #expect(await asked.value.allowedCode == code)
        #expect(try await listed(ApprovalInterface.listRequests).isEmpty)
        #expect(try await listed(ApprovalInterface.listRecent)[code]?["outcome"] == .string("allowed"))
    }

    @Test(arguments: ["allow", "deny"])
    func `an answer that couldn't be kept for always is an error that says so, and counts`(_ decision: String)
        async throws
    {
        let events = fixture.approvals.events()
        let approvals = fixture.approvals
        let signals = try await fixture.client.signals(
            sender: KeybellBus.name,
            interface: ApprovalInterface.name
        )
        let asked = Task { await approvals.ask(.full(.release)) { _ in { "Unlock it." } } }
        var next = events.makeAsyncIterator()
        guard case .added(let request)? = await next.next() else {
            throw TimedOut(description: "the request")
        }
        do throws(DBusError) {
            try await answer(request.code, decision, ["scope": .string("always")])
            Issue.record("told as success")
        } catch {
            #expect(error.name == KeybellBusError.unavailable)
            #expect(error.message.contains("for this session"))
            #expect(error.message.contains("Unlock it."))
        }
        // Everybody hears of the end, and then that it isn't kept.
        var members: [String] = []
        var trouble: String?
        for await signal in signals {
            members.append(signal.member)
            guard signal.member == ApprovalInterface.answerKept.name else { continue }
            #expect(signal.body.first == .string(request.code))
            trouble = signal.body.last?.asString
            break
        }
        #expect(members == ["RequestAdded", "RequestRemoved", "AnswerKept"])
        #expect(trouble?.contains("Unlock it.") == true)
        #expect(await asked.value.allowedCode == (decision == "allow" ? request.code : nil))
        #expect(try await listed(ApprovalInterface.listRecent)[request.code]?["outcome"] != nil)
    }

    private static let all = [
        "kind": "s", "title": "s", "body": "s", "warnings": "as", "caller": "a{sv}", "created": "t",
        "deadline": "t",
    ]
    private static let known = ["client": "s", "verified": "b"]
    private static let login = [
        "vault": "s", "host": "s", "submit-host": "s", "entries": "a(sss)", "entry-count": "u",
        "request": "s",
    ]
    private static let details: [(ApprovalKind, [[String: String]])] = [
        (.associate, [all, ["suggested-id": "s", "fingerprint": "s"]]),
        (.overwrite, [all, known, ["fingerprint": "s"]]),
        (.unlock, [all, known, ["vault": "s"]]),
        (
            .release,
            [
                all, known, login,
                ["bulk": "b", "search": "s", "places": "as", "passwords": "b", "field-names": "as"],
            ]
        ),
        (.save, [all, known, login, ["new-hosts": "as", "new": "b", "fields": "as"]]),
    ]

    @Test(arguments: details)
    func `a request has the details of its kind and no others`(
        kind: ApprovalKind,
        parts: [[String: String]]
    ) async throws {
        let (code, _) = try await fixture.ask(.full(kind))
        let details = try #require(try await listed(ApprovalInterface.listRequests)[code])
        let expected = parts.reduce(into: [:]) { $0.merge($1) { $1 } }
        #expect(details.mapValues(\.signature.text) == expected)
        let caller = try #require(details["caller"]?.vardict)
        #expect(
            caller.mapValues(\.signature.text) == [
                "uid": "u", "pid": "u", "executable": "s", "processes": "as", "sandbox": "s", "origin": "s",
                "user-agent": "s",
            ]
        )
        #expect(caller["processes"] == .strings(["git (4242)"]))
    }

    @Test func `more than 20 entries are counted and fetched`() async throws {
        let (code, _) = try await fixture.ask(.full(.release, entries: 25))
        let details = try #require(try await listed(ApprovalInterface.listRequests)[code])
        #expect(details["entries"]?.asArray?.count == 20)
        #expect(details["entry-count"] == .uint32(25))
        let more = try await fixture.call(ApprovalInterface.getEntries, [.string(code), .uint32(20)])
        #expect(more.first?.asArray?.count == 5)
        let first = more.first?.asArray?.first
        #expect(first == .structure([.string("20"), .string("title 20"), .string("user 20")]))
        let beyond = try await fixture.call(ApprovalInterface.getEntries, [.string(code), .uint32(.max)])
        #expect(beyond.first?.asArray?.isEmpty == true)
    }

    @Test func `a code that nothing waits under is unknown`() async throws {
        for code in ["2222", "", "much too long a code", "ÄÖÜß"] {
            #expect(
                await fixture.errorName { () throws(DBusError) in try await answer(code, "allow") }
                    == KeybellBusError.unknownRequest
            )
            #expect(
                await fixture.errorName { () throws(DBusError) in
                    try await fixture.call(ApprovalInterface.getEntries, [.string(code), .uint32(0)])
                } == KeybellBusError.unknownRequest
            )
        }
    }

    @Test func `a new client is restricted to vaults that are there`() async throws {
        for kind in [ApprovalKind.associate, .overwrite] {
            let (code, asked) = try await fixture.ask(.full(kind))
            for (choices, decision) in [
                (["vaults": Value.strings(["gone"])], "allow"), (["hosts": .strings(["*"])], "allow"),
                (["vaults": .strings(["passwords"])], "deny"),
            ] {
                #expect(
                    await fixture.errorName { () throws(DBusError) in
                        try await answer(code, decision, choices)
                    } == KeybellBusError.invalidAnswer
                )
            }
            try await answer(code, "allow", ["vaults": .strings(["passwords"])])
            guard case .allowed(let choices, _) = await asked.value else {
                throw TimedOut(description: "not allowed")
            }
            #expect(try choices.restriction == ClientRestriction(vaults: ["passwords"]))
        }
    }

    @Test(arguments: [
        ("perhaps", [:]), ("", [:]), ("allow", ["scope": Value.string("forever")]),
        ("allow", ["scope": .uint32(1)]), ("allow", ["entries": .string("1")]),
        ("allow", ["mute-seconds": .string("1")]), ("allow", ["id": .strings([])]),
        ("allow", ["vaults": .strings(["passwords"])]),
    ])
    func `an answer that can't be meant is refused and the request goes on waiting`(
        decision: String,
        choices: [String: Value]
    ) async throws {
        let (code, asked) = try await fixture.ask(.full(.release))
        #expect(
            await fixture.errorName { () throws(DBusError) in try await answer(code, decision, choices) }
                == KeybellBusError.invalidAnswer
        )
        try await answer(code, "deny")
        #expect(await asked.value == .denied(Choices()))
    }

    @Test func `the asking process can't answer itself`() async throws {
        let own = Answerer.read(pid: getpid(), uid: getuid())
        let identity = try #require(own.identity)
        let caller = Caller(uid: getuid(), holders: [identity], processes: own.chain)
        let (code, _) = try await fixture.ask(.full(.release, caller: caller))
        #expect(
            await fixture.errorName { () throws(DBusError) in try await answer(code, "allow") }
                == KeybellBusError.notAllowed
        )
        #expect(try await listed(ApprovalInterface.listRequests)[code] != nil)
    }

    @Test func `where nobody knows who asks, only our own command line on a terminal may answer`()
        async throws
    {
        let folder = try #require(
            Answerer.read(pid: getpid(), uid: getuid()).chain.first?.executable
        ).split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let (code, asked) = try await fixture.ask(.full(.release, caller: .unknown(uid: 1000)))
        let identity = ProcessIdentity(pid: 9, startTime: 9)
        for (executable, hasTerminal, isFoundAtPath, isAllowed) in [
            ("/tmp/keybell", true, true, false), (folder + "/keybell", false, true, false),
            (folder + "/keybell", true, false, false), (folder + "/keybell", true, true, true),
        ] {
            let record = ProcessRecord(
                identity: identity,
                executable: executable,
                hasTerminal: hasTerminal,
                isFoundAtPath: isFoundAtPath
            )
            fixture.seen.update { $0 = Answerer(identity: identity, uid: 1000, chain: [record]) }
            let name = await fixture.errorName { () throws(DBusError) in try await answer(code, "allow") }
            #expect(name == (isAllowed ? nil : KeybellBusError.notAllowed))
        }
        #expect(await asked.value.allowedCode == code)
    }

    @Test func `who ends a quiet time or a mute is recorded`() async throws {
        let kept = Observed<[AuditRecord.Event]>([])
        let codes = Observed<[String?]>([])
        let fixture = try await ServiceFixture(audit: { happened in
            kept.update { $0 += happened.map(\.event) }
            codes.update { $0 += happened.map { $0.fields[.code] ?? nil } }
        })
        let (code, asked) = try await fixture.ask(.full(.release))
        try await fixture.call(ApprovalInterface.answer, [.string(code), .string("deny"), .vardict([:])])
        _ = await asked.value
        #expect(kept.now.isEmpty)
        try await fixture.call(
            ApprovalInterface.answer,
            [.string(code.lowercased()), .string("allow"), .vardict([:])]
        )
        #expect(kept.now == [.unmuted])
        #expect(codes.now == [code])
        let (muted, askedAgain) = try await fixture.ask(.full(.release))
        let mute: Value = .vardict(["mute-seconds": .uint32(600)])
        try await fixture.call(ApprovalInterface.answer, [.string(muted), .string("deny"), mute])
        _ = await askedAgain.value
        try await fixture.call(ApprovalInterface.unmute, [.string(muted)])
        #expect(kept.now == [.unmuted, .unmuted])
    }

    @Test func `who mutes or unmutes is told if a restart ends that`() async throws {
        let fixture = try await ServiceFixture(areMutesKept: false)
        let (code, asked) = try await fixture.ask(.full(.release))
        let mute: Value = .vardict(["mute-seconds": .uint32(600)])
        let denied = await #expect(throws: DBusError.self) {
            try await fixture.call(ApprovalInterface.answer, [.string(code), .string("deny"), mute])
        }
        #expect(denied?.name == KeybellBusError.unavailable)
        #expect(denied?.message.contains("not after a restart") == true)
        _ = await asked.value
        let unmuted = await #expect(throws: DBusError.self) {
            try await fixture.call(ApprovalInterface.unmute, [.string(code)])
        }
        #expect(unmuted?.name == KeybellBusError.unavailable)
        #expect(unmuted?.message.contains("again after a restart") == true)
    }

    @Test func `the count of what waits is a property that tells of its changes`() async throws {
        let changes = try await fixture.client.signals(
            sender: KeybellBus.name,
            member: "PropertiesChanged",
            firstArgument: ApprovalInterface.name
        )
        let (code, _) = try await fixture.ask(.full(.unlock))
        var next = changes.makeAsyncIterator()
        #expect(await next.next()?.body.dropFirst().first?.vardict == ["PendingCount": .uint32(1)])
        try await answer(code, "deny")
        #expect(await next.next()?.body.dropFirst().first?.vardict == ["PendingCount": .uint32(0)])
    }

    @Test func `also of those that a locked screen holds, and of the end of one that is answered`()
        async throws
    {
        let changes = try await fixture.client.signals(
            sender: KeybellBus.name,
            member: "PropertiesChanged",
            firstArgument: ApprovalInterface.name
        )
        let ends = try await fixture.client.signals(sender: KeybellBus.name, member: "RequestRemoved")
        await fixture.approvals.screenLocked(true)
        let asked = Task { [approvals = fixture.approvals] in await approvals.ask(.full(.unlock)) }
        var next = changes.makeAsyncIterator()
        #expect(await next.next()?.body.dropFirst().first?.vardict == ["PendingCount": .uint32(1)])
        let code = try #require(await fixture.approvals.pending().first?.code)
        try await answer(code, "deny")
        var ended = ends.makeAsyncIterator()
        #expect(await ended.next()?.body == [.string(code), .string("denied")])
        #expect(await next.next()?.body.dropFirst().first?.vardict == ["PendingCount": .uint32(0)])
        _ = await asked.value
    }
}

extension Answer {
    fileprivate var allowedCode: String? {
        guard case .allowed(_, let code) = self else { return nil }
        return code
    }
}
