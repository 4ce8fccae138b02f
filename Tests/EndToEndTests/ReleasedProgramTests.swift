// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The programs that `make release` has made.
private enum ReleasedPrograms {
    static let names = ["keybelld", "keybell", "git-credential-keybell"]
    static let files = names.map { SystemdUnitTests.repository + "/.build/dist/" + $0 }
    static let areMade = files.allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }
}

/// What `make release` has made and `make install` copies; `make test` makes it first.
@Suite(.enabled(if: ReleasedPrograms.areMade, "make release has not been run"))
struct ReleasedProgramTests {
    private func check(_ files: [String]) async throws -> ChildProcess.Report {
        try await ChildProcess.run(SystemdUnitTests.repository + "/packaging/check-programs.sh", files)
    }

    @Test func `released programs are hardened, stripped and need no toolchain`() async throws {
        let report = try await check(ReleasedPrograms.files)
        #expect(report.status == 0, "\(report)")
    }

    @Test func `the check finds what isn't so`() async throws {
        // A debug build is stripped of nothing and needs the toolchain's libraries.
        let report = try await check([DaemonSession.programs + "/keybelld"])
        #expect(report.status == 1)
        for words in ["binds lazily", "isn't stripped", "folders of its own", "needs Swift's libraries"] {
            #expect(report.errors.contains(words), "\(report)")
        }
        #expect(try await check([#filePath]).errors.contains("isn't a program"))
    }

    @Test func `root installs without Swift, and whatever its umask is`() async throws {
        let folder = try TemporaryFolder()
        let report = try await ChildProcess.run(
            "sh",
            [
                "-c",
                "umask 077; exec make -s -C '\(SystemdUnitTests.repository)' install PREFIX=/usr SWIFT=/nonexistent DESTDIR='\(folder.path)/root'",
            ]
        )
        #expect(report.status == 0, "\(report)")
        let found = try await ChildProcess.run(
            "find",
            [folder.path("root"), "-mindepth", "1", "-printf", "%m %P\\n"]
        )
        let modes = Dictionary(
            found.output.split(separator: "\n").map { line in
                let parts = line.split(separator: " ", maxSplits: 1)
                return (String(parts[1]), String(parts[0]))
            }
        ) { first, _ in first }
        for (file, mode) in [
            ("usr/bin/keybelld", "755"), ("usr/bin/keybell", "755"),
            ("usr/bin/git-credential-keybell", "755"), ("usr/share", "755"),
            ("usr/lib/systemd/user/keybell.service", "644"), ("usr/lib/systemd/user/keybell.socket", "644"),
            ("usr/share/dbus-1/services/org.keybell.Keybell.service", "644"),
            ("usr/share/dbus-1/interfaces/org.keybell.Approval1.xml", "644"),
            ("usr/share/bash-completion/completions/keybell", "644"),
            ("usr/share/zsh/site-functions/_keybell", "644"),
            ("usr/share/fish/vendor_completions.d/keybell.fish", "644"),
        ] {
            #expect(modes[file] == mode, "\(file)")
        }
        #expect(!modes.values.contains { $0 != "755" && $0 != "644" }, "\(found.output)")
        let unit = try String(
            contentsOfFile: folder.path("root/usr/lib/systemd/user/keybell.service"),
            encoding: .utf8
        )
        #expect(unit.contains("ExecStart=/usr/bin/keybelld\n"))
        // Nothing of the toolchain is to be found now.
        let programs = ReleasedPrograms.names.map { folder.path("root/usr/bin/" + $0) }
        for program in programs {
            let version = try await ChildProcess.run(program, ["--version"])
            #expect(version.status == 0 && !version.output.isEmpty, "\(version)")
        }
        let removed = try await ChildProcess.run(
            "make",
            [
                "-s", "-C", SystemdUnitTests.repository, "uninstall", "PREFIX=/usr",
                "DESTDIR=\(folder.path)/root",
            ]
        )
        #expect(removed.status == 0, "\(removed)")
        let left = try await ChildProcess.run("find", [folder.path("root"), "-type", "f"])
        #expect(left.output == "")
    }
}
