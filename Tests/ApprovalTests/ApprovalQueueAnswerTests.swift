// SPDX-License-Identifier: Apache-2.0

import Callers
import Testing
import Vault

@testable import Approval

@Suite struct ApprovalQueueAnswerTests {
    var fixture = QueueFixture()

    @Test mutating func `the first answer counts and a second finds nothing`() throws {
        let asked = fixture.ask(.release())
        let code = try #require(asked.code)
        #expect(try fixture.answer(code, .deny).answer(to: asked.asker) == .denied(Choices()))
        #expect(throws: AnswerError.unknownRequest) { try fixture.answer(code, .deny) }
    }

    @Test mutating func `a code is answered in lower case too`() throws {
        let asked = fixture.ask(.release())
        let code = try #require(asked.code).lowercased()
        #expect(try fixture.answer(code, .allow).answer(to: asked.asker) != nil)
    }

    @Test(arguments: ["ZZZZ", "", "keybell"])
    mutating func `an unknown code is no request`(code: String) {
        fixture.ask(.release())
        #expect(throws: AnswerError.unknownRequest) { try fixture.answer(code, .allow) }
        #expect(fixture.codes.count == 1)
    }

    @Test mutating func `the asking process may not answer itself, an unrelated one may`() throws {
        let code = try #require(fixture.ask(.release(.named("evil", 100))).code)
        let itself = Answerer.named("evil", 100)
        #expect(throws: AnswerError.notAllowed) { try fixture.answer(code, .allow, through: .bus(itself)) }
        #expect(throws: AnswerError.notAllowed) {
            try fixture.answer(code, .deny, through: .terminal(itself))
        }
        let ended = try fixture.answer(code, .allow, through: .bus(.stranger))
        #expect(fixture.queue.outcomes(of: ended) == [code: .allowed])
    }

    @Test mutating func `a descendant of the asking process may not answer`() throws {
        let code = try #require(fixture.ask(.release(.named("evil", 100))).code)
        let child = Answerer.named("keybell", 200, under: [.named("sh", 150), .named("evil", 100)])
        #expect(throws: AnswerError.notAllowed) {
            try fixture.answer(code, .allow, through: .terminal(child))
        }
    }

    @Test mutating func `who has joined a question may not answer it either, even when it no longer listens`()
        throws
    {
        let code = try #require(fixture.ask(.release(.named("git", 100))).code)
        let joined = fixture.ask(.release(.named("git", 101)))
        fixture.queue.leave(joined.asker)
        let answerer = Answerer.named("git", 101)
        #expect(throws: AnswerError.notAllowed) { try fixture.answer(code, .allow, through: .bus(answerer)) }
    }

    @Test mutating func `where the asker is unknown only the notifier and our terminal may answer`() throws {
        let first = try #require(fixture.ask(.release(.nobody, host: "a")).code)
        #expect(throws: AnswerError.notAllowed) {
            try fixture.answer(first, .allow, through: .bus(.stranger))
        }
        let ended = try fixture.answer(first, .allow, through: .terminal(.stranger))
        #expect(fixture.queue.outcomes(of: ended) == [first: .allowed])
        let second = try #require(fixture.ask(.release(.nobody, host: "b")).code)
        let other = try fixture.answer(second, .allow, through: .notifier)
        #expect(fixture.queue.outcomes(of: other) == [second: .allowed])
    }

    @Test mutating func `an associate gets the suggested name unless another is chosen`() throws {
        let first = fixture.ask(.associate(key: 1))
        let code = try #require(first.code)
        #expect(
            try fixture.answer(code, .allow).answer(to: first.asker)
                == .allowed(Choices(id: "firefox"), code: code)
        )
        let second = fixture.ask(.associate(key: 2))
        let next = try #require(second.code)
        #expect(
            try fixture.answer(next, .allow, Choices(id: "Büro")).answer(to: second.asker)
                == .allowed(Choices(id: "Büro", isNamedByPerson: true), code: next)
        )
    }

    @Test mutating func `just some entries can be allowed, in the request's order, each once`() throws {
        let asked = fixture.ask(.release(entries: ["AA", "BB", "CC"]))
        let code = try #require(asked.code)
        let answer = try fixture.answer(code, .allow, Choices(entries: ["cc", "AA", "AA"])).answer(
            to: asked.asker
        )
        #expect(answer == .allowed(Choices(id: "firefox", entries: ["AA", "CC"]), code: code))
    }

    @Test(
        arguments: [
            (ApprovalRequest.associate(), Decision.allow, Choices(id: "")),
            (.associate(), .allow, Choices(id: " \u{3000} ")),
            (.associate(), .allow, Choices(id: String(repeating: "x", count: 257))),
            (.associate(), .allow, Choices(id: "two\nlines")),
            (.associate(), .allow, Choices(id: "fire\u{202E}xof")),
            (.associate(), .deny, Choices(id: "firefox")),
            (.associate(), .allow, Choices(scope: .always)),
            (.release(), .allow, Choices(id: "firefox")),
            (.release(), .allow, Choices(entries: [])),
            (.release(), .allow, Choices(entries: ["AA", "BB"])),
            (.release(), .deny, Choices(entries: ["AA"])),
            (.release(bulk: true), .allow, Choices(scope: .session)),
            (.release(bulk: true), .allow, Choices(scope: .always)),
            (.release(bulk: true), .deny, Choices(scope: .always)),
            (.release(), .allow, Choices(seconds: 60)),
            (.release(), .allow, Choices(scope: .always, seconds: 60)),
            (.release(), .allow, Choices(scope: .session, seconds: 0)),
            (.release(), .allow, Choices(muteSeconds: 60)),
            (.release(), .deny, Choices(muteSeconds: 0)),
            (.release(), .deny, Choices(muteSeconds: 86_401)),
            (.save(), .allow, Choices(entries: ["AA"])),
            (.save(), .allow, Choices(leftOut: [.fields])),
            (.unlock(), .allow, Choices(leftOut: [.passwords])),
            (.release(), .deny, Choices(leftOut: [.fields, .passwords])),
            (.release(), .allow, Choices(scope: .always, leftOut: [.fields])),
            (.release(), .allow, Choices(scope: .session, leftOut: [.passwords])),
            (.unlock(), .allow, Choices(scope: .session)),
            (.overwrite(), .allow, Choices(id: "other")),
        ]
    )
    mutating func `an answer that makes no sense says so and the request goes on waiting`(
        request: ApprovalRequest,
        decision: Decision,
        choices: Choices
    ) throws {
        let code = try #require(fixture.ask(request).code)
        let error = #expect(throws: AnswerError.self) { try fixture.answer(code, decision, choices) }
        guard case .invalidAnswer(let reason) = error else {
            Issue.record("not an invalid answer: \(String(describing: error))")
            return
        }
        #expect(!reason.isEmpty)
        #expect(fixture.codes == [code])
    }

    @Test(
        arguments: [
            (ApprovalRequest.release(), Decision.allow, Choices(scope: .session, seconds: 60)),
            (.release(), .allow, Choices(scope: .always)),
            (.release(), .deny, Choices(scope: .always)),
            (.release(), .deny, Choices(muteSeconds: 60)),
            (.release(bulk: true), .allow, Choices(scope: .once)),
            (.release(), .allow, Choices(leftOut: [.passwords, .fields])),
            (.save(), .allow, Choices(scope: .session)),
            (.associate(), .deny, Choices(muteSeconds: 1)),
        ]
    )
    mutating func `an answer that makes sense is taken`(
        request: ApprovalRequest,
        decision: Decision,
        choices: Choices
    ) throws {
        let code = try #require(fixture.ask(request).code)
        _ = try fixture.answer(code, decision, choices)
        #expect(fixture.codes.isEmpty)
    }
}

@Suite struct ChoiceReadingTests {
    @Test func `every choice that the bus interface has is read`() throws {
        let choices = try Choices(reading: [
            "id": .text("firefox"), "entries": .list(["AA"]), "scope": .text("session"),
            "seconds": .number(60),
            "mute-seconds": .number(5), "fields": .list(["passwords"]),
        ])
        let expected = Choices(
            id: "firefox",
            entries: ["AA"],
            scope: .session,
            seconds: 60,
            muteSeconds: 5,
            leftOut: [.passwords]
        )
        #expect(choices == expected)
        #expect(try Choices(reading: [:]) == Choices())
        #expect(try Choices(reading: ["fields": .list([])]) == Choices(leftOut: [.passwords, .fields]))
        let restriction = try ClientRestriction(vaults: ["work"], groups: ["A"], hosts: ["*.example.com"])
        let part: [String: ChoiceValue] = [
            "vaults": .list(["work"]), "groups": .list(["A"]), "hosts": .list(["*.example.com"]),
        ]
        #expect(try Choices(reading: part) == Choices(restriction: restriction))
        // What comes with a name that is taken over isn't lifted by the way.
        #expect(try Choices(reading: ["vaults": .list([]), "hosts": .list([])]) == Choices())
    }

    @Test(
        arguments: [
            ["entires": ChoiceValue.list(["AA"])], ["id": .number(1)], ["entries": .text("AA")],
            ["scope": .text("forever")], ["scope": .number(1)], ["seconds": .text("60")],
            ["mute-seconds": .other], ["fields": .list(["notes"])], ["fields": .text("passwords")],
            ["vaults": .text("work")], ["hosts": .list(["*.com"])], ["groups": .list([""])],
        ]
    )
    func `an unknown key, type or scope is refused`(fields: [String: ChoiceValue]) {
        #expect(throws: AnswerError.self) { try Choices(reading: fields) }
    }

    @Test func `a decision is allow or deny and nothing else`() throws {
        #expect(try Decision(reading: "allow") == .allow)
        #expect(try Decision(reading: "deny") == .deny)
        #expect(throws: AnswerError.invalidAnswer("decision must be allow or deny")) {
            try Decision(reading: "Allow")
        }
    }
}
