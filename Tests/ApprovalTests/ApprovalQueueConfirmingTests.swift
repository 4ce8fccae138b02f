// SPDX-License-Identifier: Apache-2.0

import Callers
import Testing

@testable import Approval

/// Allows that count once the person has confirmed them.
@Suite struct ApprovalQueueConfirmingTests {
    private func fixture() -> QueueFixture {
        QueueFixture { $0.confirmedKinds = [.release] }
    }

    private func asked(_ fixture: inout QueueFixture) throws -> (asked: Asked, code: String) {
        let asked = fixture.ask(.release())
        return (asked, try #require(asked.code))
    }

    @Test func `an allow has the person asked, and answers nobody yet`() throws {
        var fixture = fixture()
        let (asked, code) = try asked(&fixture)
        let actions = try fixture.answer(code, .allow)
        #expect(actions == [.notifierHides(code: code), .confirm(code: code)])
        #expect(actions.answer(to: asked.asker) == nil)
        #expect(fixture.codes == [code])
    }

    @Test func `confirmed, it is allowed with the choices that were made`() throws {
        var fixture = fixture()
        let (asked, code) = try asked(&fixture)
        _ = try fixture.answer(code, .allow, Choices(scope: .session))
        let actions = fixture.queue.confirmed(code, .success(true), now: fixture.now)
        guard case .allowed(let choices, code) = actions.answer(to: asked.asker) else {
            Issue.record("not allowed: \(actions)")
            return
        }
        #expect(choices.scope == .session)
        #expect(fixture.queue.outcomes(of: actions) == [code: .allowed])
    }

    @Test func `not confirmed is a denial, and starts a quiet time`() throws {
        var fixture = fixture()
        let (asked, code) = try asked(&fixture)
        _ = try fixture.answer(code, .allow)
        let actions = fixture.queue.confirmed(code, .success(false), now: fixture.now)
        guard case .denied(let choices) = actions.answer(to: asked.asker) else {
            Issue.record("not denied: \(actions)")
            return
        }
        #expect(choices.wasUnconfirmed)
        #expect(fixture.ask(.release()).answer == .quiet)
    }

    @Test func `what could not be asked leaves the request waiting, shown again`() throws {
        var fixture = fixture()
        let (asked, code) = try asked(&fixture)
        _ = try fixture.answer(code, .allow)
        let error = ConfirmationError("Install a pinentry.")
        let actions = fixture.queue.confirmed(code, .failure(error), now: fixture.now)
        // Agents that have taken it away since it was allowed show it again, too.
        #expect(actions == [.notifierShows(code: code), .added(code: code)])
        #expect(actions.answer(to: asked.asker) == nil)
        #expect(fixture.queue.waiting.first?.confirmationTrouble == error)
        #expect(try fixture.answer(code, .allow).contains(.confirm(code: code)))
        #expect(fixture.queue.waiting.first?.confirmationTrouble == nil)
    }

    @Test func `behind a locked screen nobody is told that it could not be asked`() throws {
        var fixture = fixture()
        let (_, code) = try asked(&fixture)
        _ = try fixture.answer(code, .allow)
        _ = fixture.queue.screen(isLocked: true, now: fixture.now)
        let error = ConfirmationError("Install a pinentry.")
        #expect(fixture.queue.confirmed(code, .failure(error), now: fixture.now).isEmpty)
        let unlocked = fixture.queue.screen(isLocked: false, now: fixture.now)
        #expect(unlocked.count { $0.isAdded } == 1)
    }

    @Test(arguments: [
        (
            Choices(entries: ["BB"], scope: .always), ApprovalKind.release,
            ["Allow always", "Only: “b” (“bob”)"]
        ),
        (
            Choices(scope: .session, seconds: 600, leftOut: [.passwords, .fields]), .release,
            ["Allow for this session, for 10 min at most", "Without passwords and string fields"]
        ),
        (Choices(), .save, ["Allow once"]),
        (Choices(id: "work"), .associate, ["Allow", "Its name: “work”"]),
        (Choices(), .unlock, ["Allow"]),
    ])
    func `what is confirmed is said first`(choices: Choices, kind: ApprovalKind, lines: [String]) {
        var request = ApprovalRequest.release()
        request.kind = kind
        request.entries = [
            EntryLine(uuid: "AA", title: "a", username: "alice"),
            EntryLine(uuid: "BB", title: "b", username: "bob"),
        ]
        let shown = PendingRequest(
            code: "7F2A",
            request: request,
            created: 0,
            deadline: 120,
            limits: ApprovalLimits()
        )
        let question = ConfirmationQuestion(shown, allowing: choices, of: request.entries)
        #expect(question.text == (lines + ["", shown.title, "", shown.body]).joined(separator: "\n"))
    }

    @Test func `a name from right to left doesn't turn what is to be confirmed`() {
        var request = ApprovalRequest.release()
        request.entries = [EntryLine(uuid: "AA", title: "בנק", username: "")]
        let shown = PendingRequest(
            code: "7F2A",
            request: request,
            created: 0,
            deadline: 120,
            limits: ApprovalLimits()
        )
        let question = ConfirmationQuestion(shown, allowing: Choices(), of: request.entries)
        #expect(question.text.hasPrefix("\u{200E}Allow once\n"))
        #expect(question.text.contains("\u{200E}Login “\u{2068}בנק\u{2069}”"))
        #expect(!shown.body.contains("\u{2068}"))
    }

    @Test(arguments: [
        (true, "It was allowed, but not confirmed in pinentry's window."),
        (false, "It was allowed, but pinentry could not ask you: see `keybell doctor`."),
    ])
    func `what has kept an allow from being confirmed stands in the text`(wasAsked: Bool, line: String) {
        let shown = PendingRequest(
            code: "7F2A",
            request: .release(),
            created: 0,
            deadline: 120,
            limits: ApprovalLimits(),
            confirmationTrouble: ConfirmationError("Install a pinentry.", wasAsked: wasAsked)
        )
        #expect(shown.body.hasPrefix(line + "\n"))
    }

    @Test func `a second allow meanwhile is no answer, a denial is`() throws {
        var fixture = fixture()
        let (asked, code) = try asked(&fixture)
        _ = try fixture.answer(code, .allow)
        #expect(throws: AnswerError.self) { try fixture.answer(code, .allow) }
        let actions = try fixture.answer(code, .deny)
        #expect(actions.answer(to: asked.asker) == .denied(Choices()))
        #expect(fixture.queue.confirmed(code, .success(true), now: fixture.now).isEmpty)
    }

    @Test func `it expires in its time, and a confirmation afterwards does nothing`() throws {
        var fixture = fixture()
        let (_, code) = try asked(&fixture)
        _ = try fixture.answer(code, .allow)
        fixture.pass(fixture.queue.limits.timeout)
        let ended = fixture.queue.tick(now: fixture.now)
        #expect(fixture.queue.outcomes(of: ended) == [code: .expired])
        #expect(fixture.queue.confirmed(code, .success(true), now: fixture.now).isEmpty)
    }

    @Test func `who asks the same meanwhile gets the same answer`() throws {
        var fixture = fixture()
        let (_, code) = try asked(&fixture)
        _ = try fixture.answer(code, .allow)
        let second = fixture.ask(.release())
        #expect(second.answer == nil)
        let actions = fixture.queue.confirmed(code, .success(true), now: fixture.now)
        guard case .allowed = actions.answer(to: second.asker) else {
            Issue.record("not allowed: \(actions)")
            return
        }
    }

    @Test func `other kinds are allowed at once`() throws {
        var fixture = fixture()
        let asked = fixture.ask(.save())
        let code = try #require(asked.code)
        guard case .allowed = try fixture.answer(code, .allow).answer(to: asked.asker) else {
            Issue.record("not allowed")
            return
        }
    }
}
