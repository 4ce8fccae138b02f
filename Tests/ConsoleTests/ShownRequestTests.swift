// SPDX-License-Identifier: Apache-2.0

import Approval
import BusInterface
import DBus
import Testing

@testable import Console

/// A request as the bus would tell it.
func request(
    _ code: String,
    kind: String = "release",
    bulk: Bool = false,
    created: UInt64 = 100,
    more: [String: Value] = [:]
) -> RequestDetails {
    var members: [String: Value] = [
        "kind": .string(kind), "title": .string("firefox asks"), "body": .string("line 1\nline 2"),
        "bulk": .boolean(bulk), "created": .uint64(created), "deadline": .uint64(created + 120),
    ]
    members.merge(more) { $1 }
    return RequestDetails(code: code, reading: members)
}

private func entry(_ uuid: String, _ title: String, _ username: String) -> Value {
    .structure([.string(uuid), .string(title), .string(username)])
}

struct ShownRequestTests {
    @Test func `texts of the bus are cleaned where they are read`() {
        let details = request(
            "7F2A",
            more: [
                "title": .string("a\u{1B}[2Jb"), "body": .string("x\u{202E}\ny"),
                "entries": .array("(sss)", [entry("AB", "t\u{7}", "u\u{1B}")]),
            ]
        )
        #expect(details.title == "a[2Jb")
        #expect(details.body == ["x", "y"])
        #expect(details.entries == [.init(uuid: "AB", title: "t", username: "u")])
    }

    @Test func `a list is read oldest first, and what isn't a request is left out`() {
        func members(_ created: UInt64) -> Value { .vardict(["created": .uint64(created)]) }
        let answer = Value.dictionary(
            key: "s",
            value: "a{sv}",
            [
                .init(key: .string("BBBB"), value: members(2)),
                .init(key: .string("AAAA"), value: members(3)),
                .init(key: .string("CCCC"), value: members(1)),
            ]
        )
        #expect(RequestDetails.list([answer]).map(\.code) == ["CCCC", "BBBB", "AAAA"])
        let ties = Value.dictionary(
            key: "s",
            value: "a{sv}",
            ["7777", "2222"].map { .init(key: .string($0), value: members(1)) }
        )
        #expect(
            RequestDetails.list([ties]).map(\.code) == ["7777", "2222"],
            "in the order in which they came"
        )
        #expect(RequestDetails.list([.string("no")]).isEmpty)
        #expect(RequestDetails.list([]).isEmpty)
    }

    @Test func `a waiting request is listed with its code, body and time`() {
        let details = request("7F2A", more: ["entries": .array("(sss)", []), "entry-count": .uint32(3)])
        #expect(
            RequestsCommand.lines(details, now: 160) == [
                "7F2A  firefox asks  (expires in 60 seconds)", "      line 1", "      line 2",
            ]
        )
    }

    @Test func `an ended request is listed with its outcome`() {
        let details = request(
            "7F2A",
            more: [
                "outcome": .string("denied"), "quiet": .boolean(true), "ended": .uint64(150),
                "body": .string("b"), "answered-by": .string("a notification"), "unseen": .uint32(3),
                "quiet-until": .uint64(180), "muted-until": .uint64(700),
                "muted": .strings(["/usr/bin/firefox"]),
            ]
        )
        let (quiet, muted) = (Moment.time(180, now: 160), Moment.time(700, now: 160))
        #expect(
            RequestsCommand.lines(details, now: 160) == [
                "7F2A  firefox asks  (denied by a notification, 10 seconds ago)", "      b",
                "      Since then denied without being shown to you: 3 requests.",
                "      The same is denied without being shown until \(quiet): `keybell allow 7F2A` ends that.",
                "      /usr/bin/firefox is muted until \(muted): `keybell unmute 7F2A` ends that.",
            ]
        )
        #expect(RequestsCommand.lines(details, now: 800).count == 3)
    }

    @Test(arguments: ["always", "session", "once"])
    func `a denial that is remembered names what ends it, where the end of a quiet time wouldn't`(
        scope: String
    ) {
        let details = request(
            "7F2A",
            more: [
                "outcome": .string("denied"), "quiet": .boolean(true), "ended": .uint64(150),
                "quiet-until": .uint64(180), "scope": .string(scope), "client": .string("my browser"),
                "host": .string("a.example"),
            ]
        )
        func grant(_ changes: [String: Value] = [:]) -> [String: Value] {
            [
                "key": .string("k1"), "client": .string("my browser"), "kind": .string("release"),
                "host": .string("a.example"), "decision": .string("deny"),
            ].merging(changes) { $1 }
        }
        func said(_ grants: [[String: Value]]) -> (recent: String, allow: String) {
            let denials = RememberedDenials(among: grants)
            return (
                RequestsCommand.lines(details, now: 160, denials).last ?? "",
                AllowCommand.summary(details, AnswerChoices(), denials: denials).last ?? ""
            )
        }
        let forgets = "`keybell forget 'my browser' k1` ends that."
        #expect(said([grant()]).recent.hasSuffix(forgets) == (scope != "once"))
        #expect(said([grant()]).allow.hasSuffix(forgets) == (scope != "once"))
        let two = said([grant(), grant(["key": .string("k2")])])
        #expect(two.recent.contains("`keybell grants 'my browser'`") == (scope != "once"))
        for other: [String: Value] in [
            ["decision": .string("allow")], ["client": .string("git")], ["kind": .string("change")],
            ["host": .string("b.example")], ["undeleted": .boolean(true)],
        ] {
            #expect(said([grant(other)]).recent.hasSuffix("`keybell allow 7F2A` ends that."))
            #expect(said([grant(other)]).allow.hasSuffix("you are asked when the program asks again."))
        }
    }

    @Test(
        arguments: [
            ([:], "allowed by a notification"),
            (["left-out": .strings(["fields", "passwords"])], "allowed: names alone, by a notification"),
            (["left-out": .strings(["fields"])], "allowed: without fields, by a notification"),
            (["chosen-count": .uint32(1)], "allowed: 1 of 2, by a notification"),
            (["chosen-count": .uint32(2)], "allowed by a notification"),
            (
                ["chosen-count": .uint32(1), "left-out": .strings(["fields", "passwords"])],
                "allowed: 1 of 2, names alone, by a notification"
            ),
        ] as [([String: Value], String)]
    )
    func `an ended request says what of it was allowed`(more: [String: Value], state: String) {
        let details = request(
            "7F2A",
            more: [
                "outcome": .string("allowed"), "ended": .uint64(150), "entry-count": .uint32(2),
                "answered-by": .string("a notification"),
            ].merging(more) { $1 }
        )
        let title = RequestsCommand.lines(details, now: 160).first
        #expect(title == "7F2A  firefox asks  (\(state), 10 seconds ago)")
        #expect(details.ending(now: 160) == "Request 7F2A was \(state), 10 seconds ago.")
    }

    @Test func `allow prints what was allowed`() {
        let details = request(
            "7F2A",
            more: [
                "entries": .array("(sss)", [entry("A1", "Git", "ann"), entry("B2", "", "")]),
                "entry-count": .uint32(3),
            ]
        )
        #expect(
            AllowCommand.summary(details, AnswerChoices()) == [
                "Allowed 7F2A: firefox asks", "  “Git” (“ann”)  A1", "  (no title)  B2", "  … and 1 more",
            ]
        )
        #expect(
            AllowCommand.summary(details, AnswerChoices(entries: ["B2"], scope: .always)) == [
                "Allowed 7F2A: firefox asks", "  (no title)  B2", "  always",
            ]
        )
    }

    @Test func `allow prints each login that was chosen, also beyond the first that the details have`() {
        let details = request(
            "7F2A",
            more: ["entries": .array("(sss)", [entry("A1", "Git", "ann")]), "entry-count": .uint32(2)]
        )
        let all = details.entries + [RequestDetails.Entry(uuid: "B2", title: "Mail", username: "bob")]
        let choices = AnswerChoices(entries: ["A1", "B2"])
        #expect(
            AllowCommand.summary(details, choices, among: all) == [
                "Allowed 7F2A: firefox asks", "  “Git” (“ann”)  A1", "  “Mail” (“bob”)  B2",
            ]
        )
        #expect(AllowCommand.json(details, choices, among: all).text.contains("B2"))
    }

    @Test func `an entry that is to be made has no uuid yet`() {
        #expect(RequestDetails.Entry(uuid: "", title: "Git", username: "ann").line == "“Git” (“ann”)")
    }

    @Test func `allow prints the name that a client got`() {
        let details = request("7F2A", kind: "associate", more: ["suggested-id": .string("firefox")])
        #expect(AllowCommand.summary(details, AnswerChoices()).last == "  as “firefox”")
        #expect(AllowCommand.summary(details, AnswerChoices(id: "work")).last == "  as “work”")
    }

    @Test func `choices that weren't made aren't sent`() {
        #expect(AnswerChoices().value == .vardict([:]))
        let names = AnswerChoices(fields: AnswerChoices.everythingButNames)
        #expect(names.value == .vardict(["fields": .strings(["passwords", "fields"])]))
        let all = AnswerChoices(id: "a", entries: ["B"], scope: .session, seconds: 60, muteSeconds: 5)
        #expect(
            all.value
                == .vardict([
                    "id": .string("a"), "entries": .strings(["B"]), "scope": .string("session"),
                    "seconds": .uint32(60),
                    "mute-seconds": .uint32(5),
                ])
        )
    }

    @Test(arguments: [("7f2a", "7F2A"), ("ABCD", "ABCD")])
    func `a code may be typed in either case`(typed: String, code: String) throws {
        #expect(try CodeArgument(typed).text == code)
    }

    @Test(arguments: ["", "7F2", "7F2AA", "0000", "1ABC", "ILOI", "7F2-", "ééé"])
    func `what can't be a code is refused`(typed: String) {
        #expect {
            try CodeArgument(typed)
        } throws: { error in
            "\(error)".contains("neither 0, 1, I, L nor O")
        }
    }

    @Test(arguments: [("associate", "keeps its program quiet"), ("unlock", "can't be denied beforehand")])
    func `a scope that a denial can't have is refused with what can be done instead`(
        kind: String,
        words: String
    ) {
        let request = request("7F2A", kind: kind)
        #expect(GrantScope.session.mistake(for: request, denying: true)?.contains(words) == true)
        #expect(GrantScope.always.mistake(for: request, denying: true)?.contains("--scope always") == true)
        #expect(GrantScope.once.mistake(for: request, denying: true) == nil)
    }

    @Test func `what a newer daemon says is shown, and taken for nothing that is known`() {
        let more: [String: Value] = ["outcome": .string("postponed"), "ended": .uint64(150)]
        let request = request("7F2A", kind: "export", more: more)
        #expect(request.kind == nil && request.outcome == nil)
        #expect(request.result == "postponed")
        #expect(AllowCommand.json(request, AnswerChoices()).text.contains("export"))
        #expect(AllowCommand.unconfirmed(.ended(nil)).text.hasSuffix("the request has ended."))
    }

    @Test func `who answers what has ended is told how it did`() {
        let more: [String: Value] = [
            "outcome": .string("allowed"), "answered-by": .string("a notification"), "ended": .uint64(150),
        ]
        #expect(
            request("7F2A", more: more).ending(now: 160)
                == "Request 7F2A was allowed by a notification, 10 seconds ago."
        )
        #expect(request("7F2A").ending(now: 160) == nil)
    }

    @Test func `forgetting says what was forgotten`() {
        let grant: [String: Value] = [
            "key": .string("K1"), "decision": .string("allow"), "kind": .string("release"),
            "host": .string("a.example"), "scheme": .string("https"),
        ]
        #expect(
            ForgetCommand.told("K1", "firefox", among: [grant])
                == "Forgotten for firefox: allow logins https://a.example."
        )
        #expect(ForgetCommand.told("K2", "firefox", among: []) == "Forgotten for firefox: K2.")
    }
}
