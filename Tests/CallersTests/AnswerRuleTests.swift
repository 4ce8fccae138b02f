// SPDX-License-Identifier: Apache-2.0

import Callers
import Testing

@Suite struct AnswerRuleTests {
    static let git = record(200, "/usr/bin/git")
    static let shell = record(100, "/usr/bin/bash", hasTerminal: true, scope: "app-terminal-1.scope")
    static let caller = Caller(uid: 1000, holders: [git.identity], processes: [git, shell])

    @Test func `a sibling, an ancestor and another terminal may answer`() {
        #expect(
            AnswerRule.mayAnswer(
                Self.answerer([Self.record(300, "/usr/bin/keybell"), Self.shell]),
                of: Self.caller
            )
        )
        #expect(AnswerRule.mayAnswer(Self.answerer([Self.shell]), of: Self.caller))
        #expect(AnswerRule.mayAnswer(Self.answerer([Self.record(400, "/usr/bin/keybell")]), of: Self.caller))
    }

    @Test func `the asker and its descendants may not`() {
        let child = Self.record(201, "/usr/bin/keybell")
        let grandchild = Self.record(202, "/usr/bin/env")
        #expect(!AnswerRule.mayAnswer(Self.answerer([Self.git, Self.shell]), of: Self.caller))
        #expect(!AnswerRule.mayAnswer(Self.answerer([child, Self.git, Self.shell]), of: Self.caller))
        #expect(!AnswerRule.mayAnswer(Self.answerer([grandchild, child, Self.git]), of: Self.caller))
    }

    @Test func `of several holders each counts`() {
        let other = Self.record(250, "/usr/bin/helper")
        let caller = Caller(uid: 1000, holders: [Self.git.identity, other.identity], processes: [Self.git])
        #expect(!AnswerRule.mayAnswer(Self.answerer([other]), of: caller))
        #expect(!AnswerRule.mayAnswer(Self.answerer([Self.record(251, "/bin/sh"), other]), of: caller))
    }

    @Test func `a later process under the asker's number may`() {
        let later = Self.record(200, "/usr/bin/keybell", startTime: 9999)
        #expect(AnswerRule.mayAnswer(Self.answerer([later, Self.shell]), of: Self.caller))
    }

    @Test(arguments: [("org.mozilla.firefox", false), ("org.other.App", true), (nil, true)])
    func `the same sandbox may not`(sandbox: String?, may: Bool) {
        let caller = Caller(
            uid: 1000,
            holders: [Self.git.identity],
            processes: [Self.git],
            sandbox: Sandbox(flatpak: "org.mozilla.firefox")
        )
        let answerer = Self.answerer([Self.record(300, "/app/bin/x")], sandbox: sandbox)
        #expect(AnswerRule.mayAnswer(answerer, of: caller) == may)
    }

    @Test(arguments: [
        // asker's terminal and scope, answerer's terminal and scope
        (false, "app-a.scope", false, "app-a.scope", false),
        (false, "app-a.scope", true, "app-a.scope", true),
        (true, "app-a.scope", false, "app-a.scope", true),
        (false, "app-a.scope", false, "app-b.scope", true),
        (false, nil, false, nil, true),
    ])
    func `without a terminal the same application may not`(
        askerTerminal: Bool,
        askerScope: String?,
        terminal: Bool,
        scope: String?,
        may: Bool
    ) {
        let asker = Self.record(200, "/usr/bin/app", hasTerminal: askerTerminal, scope: askerScope)
        let caller = Caller(uid: 1000, holders: [asker.identity], processes: [asker])
        let other = Self.record(300, "/usr/bin/other", hasTerminal: terminal, scope: scope)
        #expect(AnswerRule.mayAnswer(Self.answerer([other]), of: caller) == may)
    }

    @Test func `an unknown asker isn't answered, and an unknown answerer doesn't answer`() {
        #expect(!AnswerRule.mayAnswer(Self.answerer([Self.shell]), of: .unknown(uid: 1000)))
        #expect(!AnswerRule.mayAnswer(Answerer(identity: nil, uid: 1000), of: Self.caller))
        let torn = Answerer(identity: Self.git.identity, uid: 1000, chain: [Self.shell])
        #expect(!AnswerRule.mayAnswer(torn, of: Self.caller))
    }

    @Test func `a program is its sandbox, else its executable, and an interpreter's script`() {
        let python = ProcessRecord(
            identity: .init(pid: 1, startTime: 1),
            executable: "/usr/bin/python3",
            script: "/home/a/x.py"
        )
        let caller = Caller(uid: 1, holders: [], processes: [python], origin: "moz-extension://1")
        let program = Program(
            id: "/usr/bin/python3 /home/a/x.py",
            origin: "moz-extension://1",
            vouched: "/usr/bin/python3"
        )
        #expect(caller.program == program)
        let boxed = Caller(uid: 1, holders: [], processes: [python], sandbox: Sandbox(flatpak: "org.x.Y"))
        #expect(boxed.program == Program(id: "flatpak:org.x.Y"))
        #expect(Caller.unknown(uid: 1).program == Program(id: ""))
        #expect(python.name == "python3")
    }

    @Test(arguments: [
        ([ProcessRecord.Sight.open, .open], true),
        ([.open, .hidden, .open], false),
        ([.hidden], false),
        // a login over SSH: this user's process, which another user's has started
        ([.open, .hidden, .foreign], true),
    ])
    func `where nobody is found, who has a parent that hides may not answer`(
        sights: [ProcessRecord.Sight],
        may: Bool
    ) {
        let chain = sights.enumerated().map { index, sight in
            ProcessRecord(
                identity: ProcessIdentity(pid: Int32(300 - index), startTime: 7),
                executable: sight == .open ? "/bin/sh" : "",
                sight: sight
            )
        }
        #expect(AnswerRule.isApart(Self.answerer(chain), from: .unknown(uid: 1000)) == may)
        #expect(AnswerRule.isApart(Self.answerer(chain), from: Self.caller))
    }

    @Test func `an asker that can't be looked at is nobody who is known`() {
        let hidden = ProcessRecord(
            identity: ProcessIdentity(pid: 200, startTime: 7),
            executable: "",
            sight: .hidden
        )
        let caller = Caller(uid: 1000, holders: [hidden.identity], processes: [hidden])
        #expect(!caller.isKnown && !caller.program.isKnown)
        #expect(!AnswerRule.mayAnswer(Self.answerer([Self.shell]), of: caller))
    }

    @Test func `a program known by its id alone is run by who runs it and by what that has started`() {
        let (id, git) = ("/usr/bin/git", Self.record(200, "/usr/bin/git"))
        func runs(_ chain: [ProcessRecord]) -> Bool {
            AnswerRule.runsProgram(id, Self.answerer(chain), apartFrom: [])
        }
        #expect(runs([git]) && runs([Self.record(201, "/usr/bin/gdbus"), Self.shell, git]))
        #expect(!runs([Self.record(201, "/usr/bin/gdbus"), Self.shell]) && !runs([]))
        #expect(!AnswerRule.runsProgram("", Self.answerer([git]), apartFrom: []))
        // Who runs a shell without a script may be anything.
        let bash = AnswerRule.runsProgram(
            "/usr/bin/bash",
            Self.answerer([Self.record(201, "/usr/bin/gdbus"), Self.shell]),
            apartFrom: []
        )
        #expect(!bash)
    }

    @Test(arguments: [(true, Int32(300), true), (true, 200, false), (false, 300, false)])
    func `our own command line, by which scripts ask, is the person's on a terminal apart`(
        hasTerminal: Bool,
        session: Int32,
        isPersons: Bool
    ) {
        func keybell(_ pid: Int32, session: Int32, _ hasTerminal: Bool) -> ProcessRecord {
            ProcessRecord(
                identity: ProcessIdentity(pid: pid, startTime: 9),
                executable: "/usr/bin/keybell",
                hasTerminal: hasTerminal,
                session: session
            )
        }
        let script = keybell(250, session: 200, false)
        let user = Caller(uid: 1000, holders: [script.identity], processes: [script])
        var answerer = Self.answerer([keybell(300, session: session, hasTerminal), Self.shell])
        answerer.isCommandLine = true
        #expect(AnswerRule.runsProgram("/usr/bin/keybell", answerer, apartFrom: [user]) != isPersons)
    }

    private static func record(
        _ pid: Int32,
        _ executable: String,
        startTime: UInt64 = 7,
        hasTerminal: Bool = false,
        scope: String? = nil
    ) -> ProcessRecord {
        ProcessRecord(
            identity: ProcessIdentity(pid: pid, startTime: startTime),
            executable: executable,
            hasTerminal: hasTerminal,
            scope: scope
        )
    }

    private static func answerer(_ chain: [ProcessRecord], sandbox: String? = nil) -> Answerer {
        Answerer(
            identity: chain.first?.identity,
            uid: 1000,
            chain: chain,
            sandbox: sandbox.flatMap { Sandbox(flatpak: $0) }
        )
    }
}
