// SPDX-License-Identifier: Apache-2.0

import Glibc
import Linux
import Testing

@testable import Callers

@Suite struct CallerTests {
    private static func record(
        _ pid: Int32,
        _ executable: String,
        isFoundAtPath: Bool = true,
        script: String? = nil
    ) -> ProcessRecord {
        ProcessRecord(
            identity: ProcessIdentity(pid: pid, startTime: UInt64(pid)),
            executable: executable,
            script: script,
            isFoundAtPath: isFoundAtPath
        )
    }

    private static func holder(
        _ pid: Int32,
        _ executable: String,
        sandbox: String? = nil,
        isFoundAtPath: Bool = true,
        script: String? = nil,
        under parents: [ProcessRecord] = []
    ) throws -> Holder {
        let record = record(pid, executable, isFoundAtPath: isFoundAtPath, script: script)
        return try #require(
            Holder(processes: [record] + parents, sandbox: sandbox.map { Sandbox(flatpak: $0) ?? .unknown })
        )
    }

    private static func caller(_ present: [Holder], earlier: [Holder] = []) -> Caller {
        Caller(socket: SocketOwner(uid: 1000, inode: 7), present: present, earlier: earlier, origin: "o")
    }

    @Test func `holders that descend from others of the same program don't ask, however far below`() throws {
        let git = Self.record(200, "/usr/bin/git")
        let caller = Self.caller([
            try Self.holder(202, "/usr/bin/git", under: [Self.record(201, "/bin/env"), git]),
            try Self.holder(200, "/usr/bin/git", under: [Self.record(9, "/bin/bash")]),
        ])
        #expect(caller.askers.map(\.process) == [git])
        #expect(caller.holders.map(\.pid) == [202, 200])
        #expect(caller.program == Program(id: "/usr/bin/git", origin: "o"))
    }

    @Test func `a descendant of another program asks, too, and borrows nothing from its parent`() throws {
        let git = Self.record(200, "/usr/bin/git")
        let evil = try Self.holder(202, "/home/me/evil", under: [Self.record(201, "/bin/env"), git])
        let caller = Self.caller([evil, try Self.holder(200, "/usr/bin/git")])
        #expect(caller.askers.map(\.process.name) == ["git", "evil"])
        #expect(!caller.program.isKnown)
        #expect(caller.vouchedIDs == ["/usr/bin/git", "/home/me/evil"])
        #expect(caller.claims == caller.vouchedIDs)
        let alone = Self.caller([try Self.holder(200, "/usr/bin/git")])
        #expect(!ChargedPrograms(of: alone).isCharged(for: ChargedPrograms(of: caller)))
        #expect(ChargedPrograms(of: caller).isCharged(for: ChargedPrograms(of: Self.caller([evil]))))
    }

    @Test func `a script below another script of the same interpreter asks, too`() throws {
        let trusted = Self.record(200, "/usr/bin/python3", script: "/opt/trusted.py")
        let caller = Self.caller([
            try Self.holder(200, "/usr/bin/python3", script: "/opt/trusted.py"),
            try Self.holder(201, "/usr/bin/python3", script: "/tmp/evil.py", under: [trusted]),
        ])
        #expect(caller.askers.count == 2 && !caller.program.isKnown)
    }

    @Test func `a descendant of the same name that is another file asks, too`() throws {
        let git = Self.record(200, "/usr/bin/git")
        let other = try Self.holder(201, "/usr/bin/git", isFoundAtPath: false, under: [git])
        let caller = Self.caller([try Self.holder(200, "/usr/bin/git"), other])
        #expect(caller.askers.count == 2 && !caller.program.isKnown)
    }

    @Test func `unrelated holders are one program only if they run the same`() throws {
        let git = try Self.holder(200, "/usr/bin/git")
        let same = Self.caller([git, try Self.holder(300, "/usr/bin/git")])
        #expect(same.program == Program(id: "/usr/bin/git", origin: "o"))
        let unlike = Self.caller([try Self.holder(40, "/usr/bin/dbus-daemon"), git])
        #expect(!unlike.program.isKnown)
        #expect(unlike.program.vouched == "/usr/bin/dbus-daemon + /usr/bin/git")
        #expect(unlike.claims == ["/usr/bin/git", "/usr/bin/dbus-daemon"])
    }

    @Test func `scripts are claims, and not among what is vouched for`() throws {
        let one = Self.caller([try Self.holder(1, "/usr/bin/python3", script: "/a.py")]).program
        let other = Self.caller([try Self.holder(2, "/usr/bin/python3", script: "/b.py")]).program
        #expect(one != other)
        #expect(one.id == "/usr/bin/python3 /a.py")
        #expect(one.vouched == "/usr/bin/python3" && other.vouched == one.vouched)
    }

    @Test func `one holder in a sandbox makes them all sandboxed`() throws {
        let bus = try Self.holder(40, "/usr/bin/dbus-daemon")
        let app = try Self.holder(200, "/app/bin/x", sandbox: "org.x.Y", isFoundAtPath: false)
        let parked = Self.caller([bus, app])
        #expect(parked.sandbox == "org.x.Y")
        #expect(parked.program.vouched == "flatpak:org.x.Y")
        #expect(!parked.program.isKnown)
        #expect(Self.caller([app]).program == Program(id: "flatpak:org.x.Y", origin: "o"))
        let below = try Self.holder(
            201,
            "/app/bin/x",
            sandbox: "org.x.Y",
            under: [Self.record(40, "/bin/bash")]
        )
        let inherited = Self.caller([try Self.holder(40, "/bin/bash"), below])
        #expect(inherited.sandbox == "org.x.Y" && !inherited.program.isKnown)
        let two = Self.caller([app, try Self.holder(300, "/app/bin/z", sandbox: "org.z.Z")])
        #expect(two.sandboxes.map(\.name) == ["org.x.Y", "org.z.Z"] && !two.program.isKnown)
    }

    @Test func `a sandbox without an id has no grants`() throws {
        let caller = Self.caller([try Self.holder(1, "/app/x", sandbox: "no id")])
        #expect(!caller.program.isKnown)
        #expect(caller.program.vouched == Sandbox.unknown.id)
    }

    @Test func `a file that isn't the one at its path has no grants, and counts apart from that one`() throws
    {
        let caller = Self.caller([try Self.holder(1, "/usr/bin/git", isFoundAtPath: false)])
        #expect(!caller.program.isKnown)
        #expect(caller.program.vouched == "another /usr/bin/git")
        #expect(caller.claims == ["/usr/bin/git"])
    }

    @Test func `who was there earlier counts, but for nothing where nobody is there now`() throws {
        let git = try Self.holder(200, "/usr/bin/git")
        let evil = try Self.holder(300, "/home/me/evil")
        let handed = Self.caller([git], earlier: [evil, git])
        #expect(handed.holders.map(\.pid) == [200, 300])
        #expect(!handed.program.isKnown)
        let gone = Self.caller([], earlier: [evil])
        #expect(!gone.isKnown && gone.holders.map(\.pid) == [300])
        let other = try Self.holder(200, "/usr/bin/curl")
        #expect(!Self.caller([other], earlier: [git]).program.isKnown, "it runs another program now")
        #expect(Self.caller([git], earlier: [git]).program.isKnown)
    }

    @Test func `a look that found nobody makes nothing certain that is found later`() throws {
        let git = try Self.holder(200, "/usr/bin/git")
        let caller = Caller(socket: SocketOwner(uid: 1000, inode: 7), present: [git], isComplete: false)
        #expect(!caller.isKnown && !caller.program.isKnown)
        #expect(caller.askers == [git] && caller.vouchedIDs.isSuperset(of: ["", "/usr/bin/git"]))
        let shell = Self.record(300, "/bin/bash")
        let answerer = Answerer(identity: shell.identity, uid: 1000, chain: [shell])
        #expect(!AnswerRule.mayAnswer(answerer, of: caller))
        #expect(AnswerRule.isApart(answerer, from: caller))
    }

    @Test func `another name of the same file is the same program for limits`() throws {
        let running = try #require(RunningProgram(of: getpid()))
        func caller(_ path: String) -> Caller {
            let record = ProcessRecord(
                identity: ProcessIdentity(pid: 9, startTime: 9),
                executable: path,
                running: running
            )
            return Caller(uid: 1, holders: [record.identity], processes: [record])
        }
        #expect(!caller("/tmp/a").vouchedIDs.isDisjoint(with: caller("/tmp/b").vouchedIDs))
        #expect(caller("/tmp/a").program != caller("/tmp/b").program)
    }

    @Test(arguments: [
        ("snap.firefox.firefox (enforce)", "firefox"), ("snap.x", "x"), ("unconfined", nil),
        ("snap.", nil), ("", nil),
    ])
    func `a Snap is known by its label, too`(label: String, name: String?) {
        #expect(Sandbox.snap(inLabel: label) == name)
    }
}
