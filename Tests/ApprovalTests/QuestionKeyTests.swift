// SPDX-License-Identifier: Apache-2.0

import Callers
import Linux
import Testing

@testable import Approval

/// Which requests are one question, so that one answer does for both.
@Suite struct QuestionKeyTests {
    /// A change of each property that a person is shown or a grant goes by.
    private static let changes: [String: @Sendable (inout ApprovalRequest) -> Void] = [
        "kind": { $0.kind = .save },
        "caller": { $0.caller = .named("curl") },
        "client": { $0.client = "other" },
        "verified": { $0.verified.toggle() },
        "fingerprint": { $0.fingerprint = "00:11" },
        "vaults": { $0.vaults = ["Work"] },
        "host": { $0.host = "gitlab.com" },
        "submitHost": { $0.submitHost = "evil.example" },
        "claimedHost": { $0.claimedHost = "evil.example" },
        "claimedSubmitHost": { $0.claimedSubmitHost = "https://evil.example\\@github.com/" },
        "isPlainHTTP": { $0.isPlainHTTP.toggle() },
        "claimedTitle": { $0.claimedTitle = "Bank" },
        "lostHosts": { $0.lostHosts = ["github.com"] },
        "newHosts": { $0.newHosts = ["evil.example"] },
        "entries": { $0.entries.append(EntryLine(uuid: "BB", title: "Bank", username: "me")) },
        "bulk": { $0.bulk.toggle() },
        "isByEntry": { $0.isByEntry.toggle() },
        "isNew": { $0.isNew.toggle() },
        "fields": { $0.fields = ["URL"] },
        "clientName": { $0.clientName = "Work" },
        "extensionName": { $0.extensionName = "Helper" },
        "usesCode": { $0.usesCode.toggle() },
        "givenTo": { $0.givenTo = KeyOwner(program: "/usr/bin/other") },
        "replaced": { $0.replaced = KeyOwner(program: "/usr/bin/other") },
        "hasUnknownFields": { $0.hasUnknownFields.toggle() },
        "isPattern": { $0.isPattern.toggle() },
        "hasOtherVaults": { $0.hasOtherVaults.toggle() },
        "isFirstOpening": { $0.isFirstOpening.toggle() },
        "alwaysOffered": { $0.alwaysOffered.toggle() },
        "requestType": { $0.requestType = "get-all-logins" },
        "search": { $0.search = "mail" },
        "places": { $0.places = ["passwords"] },
        "passwords": { $0.passwords.toggle() },
        "fieldNames": { $0.fieldNames = ["PIN"] },
        "exception": { $0.exception = .looser },
        "settingsFields": { $0.settingsFields = ["X Settings"] },
        "questionDigest": { $0.questionDigest = [9] },
    ]
    /// What may differ: a name that was free may be taken, one unlock does for whatever is wanted next, the answer is the
    /// same whatever goes out without it, and the keyring may be unlocked meanwhile.
    private static let free: Set<String> = [
        "suggestedID", "isNameTaken", "restricted", "deniedName", "wantedHost", "unaskedCount",
        "unlocksKeyring",
    ]
    /// What is made of another one, or of an ended request alone, or says how the text is written.
    private static let made: Set<String> = ["entryLines", "furtherEntries", "hostForm"]

    @Test func `requests that differ in anything that is shown or granted are two questions`() {
        let request = ApprovalRequest.release()
        let names = Mirror(reflecting: request).children.compactMap(\.label)
        #expect(Set(names) == Set(Self.changes.keys).union(Self.free).union(Self.made))
        for (name, change) in Self.changes {
            var other = request
            change(&other)
            #expect(QuestionKey(other) != QuestionKey(request), "\(name)")
        }
    }

    @Test func `another process, user agent or order of the entries makes no other question`() {
        let request = ApprovalRequest.release(entries: ["AA", "BB"])
        var other = ApprovalRequest.release(.named("firefox", 999, userAgent: "x"), entries: ["BB", "AA"])
        #expect(QuestionKey(other) == QuestionKey(request))
        other.suggestedID = "firefox-2"
        #expect(QuestionKey(other) == QuestionKey(request))
    }

    @Test func `to overwrite one key is another question than to overwrite one that is like it`() {
        var (one, other) = (ApprovalRequest.overwrite(), ApprovalRequest.overwrite())
        one.replaced = KeyOwner(program: "/usr/bin/firefox", created: 1, fingerprint: "00:01")
        other.replaced = KeyOwner(program: "/usr/bin/firefox", created: 1, fingerprint: "00:02")
        #expect(QuestionKey(one) != QuestionKey(other))
    }

    @Test func `texts don't run together`() {
        var (one, other) = (ApprovalRequest.save(), ApprovalRequest.save())
        (one.newHosts, one.fields) = (["a.example"], [])
        (other.newHosts, other.fields) = ([], ["a.example"])
        #expect(QuestionKey(one) != QuestionKey(other))
    }

    @Test func `only who asked first is told the scope`() throws {
        var fixture = QueueFixture()
        let first = fixture.ask(.release())
        let second = fixture.ask(.release(.named("firefox", 999)))
        let code = try #require(first.code)
        let actions = try fixture.answer(code, .allow, Choices(scope: .session, seconds: 60))
        let choices = Choices(id: "firefox", scope: .session, seconds: 60)
        #expect(actions.answer(to: first.asker) == .allowed(choices, code: code))
        #expect(actions.answer(to: second.asker) == .allowed(Choices(id: "firefox"), code: code))
    }

    @Test func `an Origin that makes a key unfamiliar is no way round a denial`() throws {
        var fixture = QueueFixture()
        var request = ApprovalRequest.release()
        try fixture.ask(request, answered: .deny)
        request.givenTo = KeyOwner(program: "/usr/bin/other")
        #expect(fixture.ask(request).answer == .quiet)
    }

    @Test func `a mute holds for everybody who has the connection, but not for who waits for the unlock`()
        throws
    {
        var fixture = QueueFixture()
        func caller(_ names: (String, Int32)...) throws -> Caller {
            let holders = try names.map { name, pid in
                try #require(Holder(processes: [.named(name, pid), .named("zsh", 50)]))
            }
            return Caller(socket: SocketOwner(uid: 1000, inode: 7), present: holders)
        }
        let code = try #require(fixture.ask(.release(try caller(("bash", 100)))).code)
        fixture.queue.alsoAsked(code, by: try caller(("bash", 100), ("curl", 200)))
        _ = try fixture.answer(code, .deny, Choices(muteSeconds: 600))
        #expect(fixture.ask(.release(.named("bash", 100), host: "b.example")).answer == .quiet)
        #expect(fixture.ask(.release(.named("curl", 300), host: "b.example")).answer == .quiet)

        let unlock = try #require(fixture.ask(.unlock(.named("evil", 400))).code)
        #expect(fixture.ask(.unlock(.named("firefox", 500))).answer == nil)
        _ = try fixture.answer(unlock, .deny, Choices(muteSeconds: 600))
        #expect(fixture.ask(.release(.named("evil", 400))).answer == .quiet)
        #expect(fixture.ask(.release(.named("firefox", 500))).code != nil)
    }

    @Test(arguments: ["fіrefоx", "Firefox-Γ", "аpple"])
    func `an Id of several scripts isn't taken`(id: String) throws {
        var fixture = QueueFixture()
        let code = try #require(fixture.ask(.associate()).code)
        #expect(throws: AnswerError.self) { try fixture.answer(code, .allow, Choices(id: id)) }
        _ = try fixture.answer(code, .allow, Choices(id: "браузер-2"))
    }

    @Test(arguments: [
        ("fire\u{2010}fox", "fire-fox"), ("ﬁrefox", "firefox"), ("firefｏx", "firefox"), ("ⅼogin", "login"),
    ])
    func `an Id of characters like plainer ones isn't taken, and is told which would do`(
        id: String,
        plain: String
    )
        throws
    {
        var fixture = QueueFixture()
        let code = try #require(fixture.ask(.associate()).code)
        let error = #expect(throws: AnswerError.self) { try fixture.answer(code, .allow, Choices(id: id)) }
        #expect("\(try #require(error))".contains("“\(plain)” would do"))
        _ = try fixture.answer(code, .allow, Choices(id: plain))
    }

    @Test func `a name that begins like an address of this machine is anywhere`() {
        var request = ApprovalRequest.release()
        request.isPlainHTTP = true
        func warns(_ host: String, _ form: String? = nil) -> Bool {
            (request.host, request.submitHost) = (host, form)
            return Wording.body(request, limits: ApprovalLimits()).contains("Plain http")
        }
        #expect(!warns("127.0.0.1:8080") && !warns("127.1.2.3") && !warns("localhost"))
        #expect(warns("127.evil.example") && warns("127.0.0.1.evil.example") && warns("127.0.0.evil"))
        #expect(warns("localhost", "evil.example") && warns("127.0.0.1", "127.evil.example"))
        #expect(!warns("localhost", "127.0.0.1:81"))
    }
}
