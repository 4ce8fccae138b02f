// SPDX-License-Identifier: Apache-2.0

import Callers
import Linux
import Synchronization
import Testing

@testable import Approval

/// Requests of which more than one process has the connection.
@Suite struct SharedConnectionTests {
    private static func holder(_ name: String, _ pid: Int32, isFoundAtPath: Bool = true) throws -> Holder {
        let record = ProcessRecord(
            identity: ProcessIdentity(pid),
            executable: "/usr/bin/" + name,
            hasTerminal: true,
            isFoundAtPath: isFoundAtPath
        )
        return try #require(Holder(processes: [record, .named("zsh", 50)]))
    }

    private static func caller(_ present: [Holder], earlier: [Holder] = []) -> Caller {
        Caller(socket: SocketOwner(uid: 1000, inode: 7), present: present, earlier: earlier)
    }

    @Test func `all that share it are in the title, and in the details`() throws {
        let caller = Self.caller([try Self.holder("dbus-daemon", 40), try Self.holder("git", 100)])
        #expect(Wording.asker(caller) == "dbus-daemon or git")
        #expect(Wording.processes(caller) == ["dbus-daemon (40)", "zsh (50)", "git (100)", "zsh (50)"])
        #expect(CallerDescription(caller).programs == "/usr/bin/dbus-daemon + /usr/bin/git")
        #expect(CallerDescription(.named("git")).programs == "/usr/bin/git")
        let many = Self.caller(try (1...9).map { try Self.holder("p\($0)", $0) })
        #expect(Wording.asker(many) == "p1, p2, p3 or 6 others")
    }

    @Test func `a program with another file than that at its path says so in the title`() throws {
        let git = try Self.holder("git", 100, isFoundAtPath: false)
        #expect(Wording.asker(Self.caller([git])) == "A program that calls itself /usr/bin/git")
        let both = Self.caller([try Self.holder("dbus-daemon", 40), git])
        #expect(Wording.asker(both) == "A program that calls itself /usr/bin/git or dbus-daemon")
    }

    @Test func `one in a sandbox is named even where just a child of the asker is there`() throws {
        let child = try #require(
            Holder(processes: [.named("x", 101), .named("git", 100)], sandbox: Sandbox(flatpak: "org.x.Y"))
        )
        let caller = Self.caller([try Self.holder("git", 100), child])
        #expect(Wording.asker(caller) == "org.x.Y or git")
    }

    @Test func `an asker that hands its connection to a terminal multiplexer can be denied in it`() throws {
        var fixture = QueueFixture()
        func record(_ name: String, _ pid: Int32, session: Int32) -> ProcessRecord {
            ProcessRecord(
                identity: ProcessIdentity(pid),
                executable: "/usr/bin/" + name,
                hasTerminal: true,
                session: session
            )
        }
        let server = record("tmux", 40, session: 40)
        let asker = record("evil", 100, session: 100)
        let holders = [server, asker].compactMap { Holder(processes: [$0]) }
        let pane = record("keybell", 60, session: 55)
        let inPane = Answerer(identity: pane.identity, uid: 1000, chain: [pane, server])
        let below = record("keybell", 101, session: 100)
        let own = Answerer(identity: below.identity, uid: 1000, chain: [below, asker])
        let code = try #require(fixture.ask(.release(Self.caller(holders))).code)
        #expect(throws: AnswerError.notAllowed) {
            try fixture.answer(code, .allow, through: .terminal(inPane))
        }
        #expect(throws: AnswerError.notAllowed) { try fixture.answer(code, .deny, through: .bus(inPane)) }
        #expect(throws: AnswerError.notAllowed) { try fixture.answer(code, .deny, through: .terminal(own)) }
        _ = try fixture.answer(code, .deny, through: .terminal(inPane))
        #expect(fixture.codes.isEmpty)
    }

    @Test func `one that shares its connection joins no unlock of one that doesn't`() throws {
        var fixture = QueueFixture()
        let code = try #require(fixture.ask(.unlock(.named("firefox"))).code)
        let joining = fixture.ask(.unlock(.shared(by: "evil", "tmux")))
        #expect(fixture.codes.count == 2)
        let pane = Answerer.named("keybell", 60, under: [.named("tmux", 701)])
        let actions = try fixture.answer(code, .allow, through: .terminal(pane))
        #expect(actions.answer(to: joining.asker) == nil)
    }

    @Test func `what can't be told for sure can't be remembered`() throws {
        var fixture = QueueFixture()
        let caller = Self.caller([try Self.holder("dbus-daemon", 40), try Self.holder("git", 100)])
        for caller in [caller, .nobody, Self.caller([try Self.holder("git", 1, isFoundAtPath: false)])] {
            let code = try #require(fixture.ask(.release(caller)).code)
            #expect(throws: AnswerError.self) {
                try fixture.answer(code, .allow, Choices(scope: .always))
            }
            _ = try fixture.answer(code, .allow)
        }
    }

    @Test func `an unknown asker isn't answered by a terminal below one that had its connection`() throws {
        var fixture = QueueFixture()
        let caller = Self.caller([], earlier: [try Self.holder("git", 100)])
        let code = try #require(fixture.ask(.release(caller)).code)
        let below = Answerer.named("keybell", 102, under: [.named("sh", 101), .named("git", 100)])
        #expect(throws: AnswerError.notAllowed) {
            try fixture.answer(code, .allow, through: .terminal(below))
        }
        _ = try fixture.answer(code, .allow, through: .terminal(.stranger))
    }

    @Test func `who has got hold of a connection since it was asked may not answer either`() async throws {
        let first = try Self.holder("git", 100)
        let second = try Self.holder("helper", 200)
        let events: AsyncStream<ApprovalEvent>
        let broker = ApprovalBroker(
            watchProcess: { process, _ in process },
            lookAgain: { .found(Self.caller([second], earlier: $0.askers)) }
        )
        events = broker.events()
        let answer = Task { await broker.ask(.release(Self.caller([first]))) }
        var code = ""
        for await case .added(let request) in events {
            code = request.code
            break
        }
        let thief = Answerer.named("helper", 200)
        await #expect(throws: AnswerError.notAllowed) {
            try await broker.answer(code: code, decision: .allow, through: .bus(thief))
        }
        try await broker.answer(code: code, decision: .deny, through: .bus(.stranger))
        #expect(await answer.value == .denied(Choices()))
    }

    @Test func `an allow is refused while nobody can tell who asks, and a denial isn't`() async throws {
        let first = try Self.holder("git", 100)
        let broker = ApprovalBroker(watchProcess: { process, _ in process }, lookAgain: { _ in .unclear })
        let events = broker.events()
        let answer = Task { await broker.ask(.release(Self.caller([first]))) }
        let code = try #require(await Self.code(in: events))
        await #expect(throws: AnswerError.unclearAsker) {
            try await broker.answer(code: code, decision: .allow, through: .terminal(.stranger))
        }
        try await broker.answer(code: code, decision: .deny, through: .terminal(.stranger))
        #expect(await answer.value == .denied(Choices()))
    }

    @Test func `an answer looks once at each connection, and what is found doesn't grow`() async throws {
        let first = try Self.holder("git", 100)
        let looks = Mutex(0)
        let broker = ApprovalBroker(
            watchProcess: { process, _ in process },
            lookAgain: { caller in
                let number = looks.withLock { count in
                    count += 1
                    return Int32(count)
                }
                let one = try? Self.holder("p\(number)", 1000 + number)
                return .found(Self.caller([one].compactMap(\.self), earlier: caller.askers))
            }
        )
        let events = broker.events()
        let answers = (0..<3).map { number in
            Task {
                let caller = Caller(
                    socket: SocketOwner(uid: 1000, inode: 7),
                    present: [first],
                    userAgent: "agent \(number)"
                )
                return await broker.ask(.release(caller))
            }
        }
        let code = try #require(await Self.code(in: events))
        while await broker.callerCount(of: code) < 3 { await Task.yield() }
        for number in 1...5 {
            await #expect(throws: AnswerError.notAllowed) {
                try await broker.answer(
                    code: code,
                    decision: .allow,
                    through: .bus(.named("p1", 1001))
                )
            }
            #expect(looks.withLock { $0 } == number)
            #expect(await broker.callerCount(of: code) == 4)
        }
        try await broker.answer(code: code, decision: .deny, through: .bus(.stranger))
        for answer in answers { #expect(await answer.value == .denied(Choices())) }
    }

    private static func code(in events: AsyncStream<ApprovalEvent>) async -> String? {
        for await case .added(let request) in events { return request.code }
        return nil
    }
}

extension ApprovalBroker {
    fileprivate func callerCount(of code: String) -> Int {
        queue.waiting.first { $0.code == code }?.allCallers.count ?? 0
    }
}
