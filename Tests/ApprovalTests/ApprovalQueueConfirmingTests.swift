// SPDX-License-Identifier: Apache-2.0

import Callers
import Testing

@testable import Approval

/// Allows that count once the person has confirmed them.
@Suite struct ApprovalQueueConfirmingTests {
    private func scene() -> QueueScene {
        QueueScene { $0.confirmedKinds = [.release] }
    }

    private func asked(_ scene: inout QueueScene) throws -> (asked: Asked, code: String) {
        let asked = scene.ask(.release())
        return (asked, try #require(asked.code))
    }

    @Test func `an allow has the person asked, and answers nobody yet`() throws {
        var scene = scene()
        let (asked, code) = try asked(&scene)
        let actions = try scene.answer(code, .allow)
        #expect(actions == [.notifierHides(code: code), .confirm(code: code)])
        #expect(actions.answer(to: asked.asker) == nil)
        #expect(scene.codes == [code])
    }

    @Test func `confirmed, it is allowed with the choices that were made`() throws {
        var scene = scene()
        let (asked, code) = try asked(&scene)
        _ = try scene.answer(code, .allow, Choices(scope: .session))
        let actions = scene.queue.confirmed(code, .success(true), now: scene.now)
        guard case .allowed(let choices, code) = actions.answer(to: asked.asker) else {
            Issue.record("not allowed: \(actions)")
            return
        }
        #expect(choices.scope == .session)
        #expect(scene.queue.outcomes(of: actions) == [code: .allowed])
    }

    @Test func `not confirmed is a denial, and starts a quiet time`() throws {
        var scene = scene()
        let (asked, code) = try asked(&scene)
        _ = try scene.answer(code, .allow)
        let actions = scene.queue.confirmed(code, .success(false), now: scene.now)
        guard case .denied(let choices) = actions.answer(to: asked.asker) else {
            Issue.record("not denied: \(actions)")
            return
        }
        #expect(choices.wasUnconfirmed)
        #expect(scene.ask(.release()).answer == .quiet)
    }

    @Test func `what could not be asked leaves the request waiting, shown again`() throws {
        var scene = scene()
        let (asked, code) = try asked(&scene)
        _ = try scene.answer(code, .allow)
        let error = ConfirmationError("Install a pinentry.")
        let actions = scene.queue.confirmed(code, .failure(error), now: scene.now)
        // Agents that have taken it away since it was allowed show it again, too.
        #expect(actions == [.notifierShows(code: code), .added(code: code)])
        #expect(actions.answer(to: asked.asker) == nil)
        #expect(scene.queue.waiting.first?.confirmationTrouble == error)
        #expect(try scene.answer(code, .allow).contains(.confirm(code: code)))
        #expect(scene.queue.waiting.first?.confirmationTrouble == nil)
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
        var scene = scene()
        let (asked, code) = try asked(&scene)
        _ = try scene.answer(code, .allow)
        #expect(throws: AnswerError.self) { try scene.answer(code, .allow) }
        let actions = try scene.answer(code, .deny)
        #expect(actions.answer(to: asked.asker) == .denied(Choices()))
        #expect(scene.queue.confirmed(code, .success(true), now: scene.now).isEmpty)
    }

    @Test func `it expires in its time, and a confirmation afterwards does nothing`() throws {
        var scene = scene()
        let (_, code) = try asked(&scene)
        _ = try scene.answer(code, .allow)
        scene.pass(scene.queue.limits.timeout)
        let ended = scene.queue.tick(now: scene.now)
        #expect(scene.queue.outcomes(of: ended) == [code: .expired])
        #expect(scene.queue.confirmed(code, .success(true), now: scene.now).isEmpty)
    }

    @Test func `who asks the same meanwhile gets the same answer`() throws {
        var scene = scene()
        let (_, code) = try asked(&scene)
        _ = try scene.answer(code, .allow)
        let second = scene.ask(.release())
        #expect(second.answer == nil)
        let actions = scene.queue.confirmed(code, .success(true), now: scene.now)
        guard case .allowed = actions.answer(to: second.asker) else {
            Issue.record("not allowed: \(actions)")
            return
        }
    }

    @Test func `other kinds are allowed at once`() throws {
        var scene = scene()
        let asked = scene.ask(.save())
        let code = try #require(asked.code)
        guard case .allowed = try scene.answer(code, .allow).answer(to: asked.asker) else {
            Issue.record("not allowed")
            return
        }
    }
}
