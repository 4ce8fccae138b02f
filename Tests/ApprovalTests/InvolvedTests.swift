// SPDX-License-Identifier: Apache-2.0

import Callers
import Testing

@testable import Approval

/// Who may unlock, forget, end mutes and quiet times while somebody asks, was denied or is muted.
struct InvolvedTests {
    private static func record(
        _ executable: String,
        _ pid: Int32,
        session: Int32,
        script: String? = nil,
        hasTerminal: Bool = false
    ) -> ProcessRecord {
        ProcessRecord(
            identity: ProcessIdentity(pid),
            executable: executable,
            script: script,
            hasTerminal: hasTerminal,
            session: session
        )
    }

    /// A program that has become another one, started at the number 100 in a session of its own.
    private static func asker(
        _ executable: String,
        script: String? = nil,
        session: Int32 = 100
    ) -> (caller: Caller, process: ProcessRecord) {
        let process = record(executable, 100, session: session, script: script)
        return (Caller(uid: 1000, holders: [process.identity], processes: [process]), process)
    }

    /// Our own command line, below what a person works with.
    private static func keybell(
        _ pid: Int32 = 300,
        under parents: [ProcessRecord],
        session: Int32 = 200,
        hasTerminal: Bool = true
    ) -> Answerer {
        let own = record("/usr/bin/keybell", pid, session: session, hasTerminal: hasTerminal)
        var answerer = Answerer(identity: own.identity, uid: 1000, chain: [own] + parents)
        answerer.isCommandLine = true
        return answerer
    }

    /// All that stands above a person's terminal, younger than the asker but for the service manager.
    private static let parents = [
        record("/usr/bin/bash", 210, session: 200, hasTerminal: true),
        record("/usr/bin/timeout", 205, session: 200, hasTerminal: true),
        record("/usr/bin/tmux", 202, session: 202),
        record("/usr/libexec/gnome-terminal-server", 201, session: 201),
        record("/usr/lib/systemd/systemd", 1, session: 1),
    ]

    @Test(arguments: parents.map(\.executable))
    func `an asker that becomes what a person works with locks them out nowhere`(program: String) throws {
        let asker = Self.asker(program)
        let person = Self.keybell(under: Self.parents)
        var fixture = QueueFixture()
        #expect(fixture.queue.isUninvolved(person, now: fixture.now))
        let code = try #require(fixture.ask(.release(asker.caller)).code)
        #expect(fixture.queue.isUninvolved(person, now: fixture.now), "while it asks")
        // Not even what belongs to it.
        let below = Self.keybell(110, under: [asker.process], session: 110)
        // A service manager is everybody's parent, and keeps descriptors for others.
        let isManager = asker.process.isServiceManager
        #expect(fixture.queue.isUninvolved(below, now: fixture.now) == isManager)

        _ = try fixture.answer(code, .deny, through: .terminal(person))
        #expect(fixture.queue.isUninvolved(person, now: fixture.now), "once it is denied")
        if !isManager {
            #expect(throws: AnswerError.notAllowed) {
                try fixture.answer(code, .allow, through: .terminal(below))
            }
        }
        _ = try fixture.answer(code, .allow, through: .terminal(person))

        let again = try #require(fixture.ask(.release(asker.caller)).code)
        _ = try fixture.answer(again, .deny, Choices(muteSeconds: 3600), through: .terminal(person))
        fixture.pass(.seconds(600))
        #expect(fixture.queue.isUninvolved(person, now: fixture.now), "while it is muted")
        #expect(fixture.queue.isUninvolved(below, now: fixture.now) == isManager)
        // So it is for the daemon that comes next, which knows no processes.
        let reading = ApprovalQueue.ClockReading(instant: fixture.now, unix: 1000)
        var next = QueueFixture()
        next.queue.takeUp(
            fixture.queue.storedMutes(now: reading) { _ in nil },
            uid: 1000,
            now: ApprovalQueue.ClockReading(instant: next.now, unix: 1001)
        )
        #expect(!next.queue.mutes.isEmpty)
        #expect(next.queue.isUninvolved(person, now: next.now))
    }

    @Test func `without a terminal a run of the asker's program counts, but no shell or desktop`() {
        func isUninvolved(_ answerer: Answerer, _ asker: Caller) -> Bool {
            var fixture = QueueFixture()
            fixture.ask(.release(asker))
            return fixture.queue.isUninvolved(answerer, now: fixture.now)
        }
        func below(_ parent: ProcessRecord) -> Answerer {
            Self.keybell(under: [parent], session: parent.identity.pid, hasTerminal: false)
        }
        let evil = "/opt/evil"
        let run = Self.record(evil, 250, session: 250)
        #expect(!isUninvolved(below(run), Self.asker(evil).caller))
        #expect(
            !isUninvolved(
                Answerer(identity: run.identity, uid: 1000, chain: [run]),
                Self.asker(evil).caller
            ),
            "a call of its own"
        )
        let script = Self.record("/usr/bin/bash", 250, session: 250, script: "/opt/evil.sh")
        #expect(!isUninvolved(below(script), Self.asker("/usr/bin/bash", script: "/opt/evil.sh").caller))
        #expect(isUninvolved(below(script), Self.asker("/usr/bin/bash").caller))
        let shell = Self.record("/usr/bin/bash", 250, session: 250)
        #expect(isUninvolved(below(shell), Self.asker("/usr/bin/bash").caller))
        let manager = Self.record("/usr/lib/systemd/systemd", 250, session: 250)
        #expect(isUninvolved(below(manager), Self.asker("/usr/lib/systemd/systemd").caller))
        // The desktop, which was there before.
        let desktop = Self.record("/usr/bin/gnome-shell", 50, session: 50)
        #expect(isUninvolved(below(desktop), Self.asker("/usr/bin/gnome-shell").caller))
        #expect(!isUninvolved(below(desktop), Self.asker("/usr/bin/gnome-shell", session: 50).caller))
    }

    @Test func `on the asker's own terminal a run of its program counts`() throws {
        let asker = Self.asker("/opt/evil", session: 200)
        let run = Self.record("/opt/evil", 250, session: 200, hasTerminal: true)
        var fixture = QueueFixture()
        fixture.ask(.release(asker.caller))
        #expect(!fixture.queue.isUninvolved(Self.keybell(under: [run]), now: fixture.now))
        let shell = Self.record("/usr/bin/bash", 60, session: 200, hasTerminal: true)
        #expect(fixture.queue.isUninvolved(Self.keybell(under: [shell]), now: fixture.now))
    }
}
