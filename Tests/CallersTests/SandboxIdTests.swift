// SPDX-License-Identifier: Apache-2.0

import Glibc
import Linux
import TestSupport
import Testing

@testable import Callers

/// What a program that says it is in a sandbox is worth.
@Suite struct SandboxIdTests {
    @Test(arguments: [
        ("org.mozilla.firefox", true), ("org.a.B_c", true), ("io.github.user.App-x", true),
        ("/usr/bin/curl", false), ("org.mozilla", false), ("org..x.y", false), ("org.1a.b", false),
        ("org.a-b.c", false), ("org.a.b c", false), ("", false), ("org.a.é", false),
    ])
    func `a Flatpak's id is one that Flatpak takes`(name: String, isID: Bool) {
        #expect(Sandbox(flatpak: name)?.id == (isID ? "flatpak:\(name)" : nil))
    }

    @Test(arguments: [
        ("firefox", true), ("a-b2", true), ("hello_inst1", true), ("/usr/bin/curl", false),
        ("Firefox", false),
        ("a--b", false), ("42", false), ("a_", false), ("-a", false), ("", false),
    ])
    func `a Snap's name is one that snapd takes`(name: String, isID: Bool) {
        #expect(Sandbox(snap: name)?.id == (isID ? "snap:\(name)" : nil))
    }

    @Test func `no sandbox has the grants of a path`() throws {
        let group = ControlGroup("/user.slice/snap.\\x2fusr\\x2fbin\\x2fcurl.x.scope")
        #expect(group.snap == "/usr/bin/curl")
        #expect(Sandbox(snap: try #require(group.snap)) == nil)
        let info = FlatpakInfo(Array("[Application]\nname=/usr/bin/curl\n".utf8))
        let sandbox = Sandbox.flatpak(in: info, group: ControlGroup(""), mounts: MountTable())
        #expect(sandbox == .unknown && sandbox.program.isEmpty)
    }

    @Test(arguments: [
        ("org.a.B", "7", "", true),
        ("org.a.B", "7", "/app.slice/app-flatpak-org.a.B-42.scope", true),
        ("org.a.B", "7", "/app.slice/app-flatpak-org.a.C-42.scope", false),
        ("org.a.C", "7", "", false),
        ("org.a.B", "8", "", false),
        ("org.a.B", "../7", "", false),
    ])
    func `a Flatpak has grants if flatpak run has noted the same of its instance`(
        name: String,
        instance: String,
        group: String,
        isVouched: Bool
    ) throws {
        let folder = try TemporaryFolder()
        func info(_ name: String, _ instance: String) -> String {
            "[Application]\nname=\(name)\n[Instance]\ninstance-id=\(instance)\n"
        }
        _ = try folder.makeFolder(".flatpak/7")
        _ = try folder.write(".flatpak/7/info", info("org.a.B", "7"))
        let sandbox = Sandbox.flatpak(
            in: FlatpakInfo(Array(info(name, instance).utf8)),
            group: ControlGroup(group),
            runtime: try FileBytes.resolved(folder.path),
            mounts: MountTable()
        )
        #expect(sandbox.name == name)
        #expect(sandbox.program == (isVouched ? "flatpak:\(name)" : ""))
    }

    @Test(
        arguments: [
            (RootFile.hidden, "", true, "unknown sandbox"), (.hidden, "", false, nil),
            (.absent, "", true, nil),
            (.hidden, "/app.slice/app-flatpak-org.a.B-42.scope", true, "org.a.B"),
        ] as [(RootFile, String, Bool, String?)]
    )
    func `what forbids to be looked at counts as sandboxed, where it may be`(
        root: RootFile,
        group: String,
        mayHide: Bool,
        name: String?
    ) {
        let sandbox = Sandbox(
            root: root,
            label: "",
            group: ControlGroup(group),
            mayHide: mayHide,
            mounts: MountTable()
        )
        #expect(sandbox?.name == name && sandbox?.isVouched != true)
    }

    @Test func `a process that says alone which Flatpak it is has no grants`() throws {
        let sandbox = try #require(Sandbox(flatpak: "org.mozilla.firefox", isVouched: false))
        let record = ProcessRecord(
            identity: ProcessIdentity(pid: 9, startTime: 9),
            executable: "/tmp/x",
            running: RunningProgram(of: getpid())
        )
        let caller = Caller(uid: 1, holders: [record.identity], processes: [record], sandbox: sandbox)
        #expect(!caller.program.isKnown && caller.sandbox == "org.mozilla.firefox")
        // Another id of its own making is no new allowance.
        let other = Caller(
            uid: 1,
            holders: [record.identity],
            processes: [record],
            sandbox: Sandbox(flatpak: "org.a.Other", isVouched: false)
        )
        #expect(!caller.vouchedIDs.isDisjoint(with: other.vouchedIDs))
    }
}
