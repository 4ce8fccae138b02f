// SPDX-License-Identifier: Apache-2.0

import Callers
import Kernel
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
            Holder(processes: [.named("x", 101), .named("git", 100)], sandbox: "org.x.Y")
        )
        let caller = Self.caller([try Self.holder("git", 100), child])
        #expect(Wording.asker(caller) == "org.x.Y or git")
    }

    @Test func `what can't be told for sure can't be remembered`() throws {
        var scene = Scene()
        let caller = Self.caller([try Self.holder("dbus-daemon", 40), try Self.holder("git", 100)])
        for caller in [caller, .nobody, Self.caller([try Self.holder("git", 1, isFoundAtPath: false)])] {
            let code = try #require(scene.ask(.release(caller)).code)
            #expect(throws: AnswerError.self) {
                try scene.answer(code, .allow, Choices(scope: .always))
            }
            _ = try scene.answer(code, .allow)
        }
    }

    @Test func `an unknown asker isn't answered by a terminal below one that had its connection`() throws {
        var scene = Scene()
        let caller = Self.caller([], earlier: [try Self.holder("git", 100)])
        let code = try #require(scene.ask(.release(caller)).code)
        let below = Answerer.named("keybell", 102, under: [.named("sh", 101), .named("git", 100)])
        #expect(throws: AnswerError.notAllowed) {
            try scene.answer(code, .allow, through: .terminal(below))
        }
        _ = try scene.answer(code, .allow, through: .terminal(.stranger))
    }

    @Test func `who has got hold of a connection since it was asked may not answer either`() async throws {
        let first = try Self.holder("git", 100)
        let second = try Self.holder("helper", 200)
        let events: AsyncStream<DeskEvent>
        let desk = FrontDesk(
            watchProcess: { process, _ in process },
            lookAgain: { Self.caller([second], earlier: $0.askers) }
        )
        events = desk.events()
        let answer = Task { await desk.ask(.release(Self.caller([first]))) }
        var code = ""
        for await case .added(let request) in events {
            code = request.code
            break
        }
        let thief = Answerer.named("helper", 200)
        await #expect(throws: AnswerError.notAllowed) {
            try await desk.answer(code: code, decision: .allow, through: .bus(thief))
        }
        try await desk.answer(code: code, decision: .deny, through: .bus(.stranger))
        #expect(await answer.value == .denied(Choices()))
    }
}
