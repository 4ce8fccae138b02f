// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The daemon's end while the person has something open.
@Suite(.timeLimit(.minutes(2))) struct StoppingTests {
    @Test func `a window for a password holds up no stop, and is no failure`() async throws {
        let folder = try TemporaryFolder()
        let (path, pinentry) = (folder.path("main.kdbx"), folder.path("pinentry"))
        let made = try await ChildProcess.run(
            "keepassxc-cli",
            ["db-create", "-q", "-p", path],
            environment: ["HOME": folder.path, "QT_QPA_PLATFORM": "offscreen"],
            input: "demopass\ndemopass\n"
        )
        guard made.status == 0 else { throw TestFailure("\(made)") }
        // By another process: while this one starts others, a file that it has open for writing can't be executed.
        let installed = try await ChildProcess.run(
            "install",
            ["-m", "700", "/dev/stdin", pinentry],
            input: """
                #!/bin/sh
                echo OK
                while IFS= read -r line; do
                    case "$line" in
                    GETPIN) echo $$ > "$0.pid" ;;
                    *) echo OK ;;
                    esac
                done
                """
        )
        guard installed.status == 0 else { throw TestFailure("\(installed)") }
        let session = try await DaemonSession(
            """
            [[vault]]
            kind = "kdbx"
            name = "main"
            path = "\(path)"
            [unlock]
            pinentry = "\(pinentry)"
            """
        )
        let body = try associateBody()
        let sending = Task {
            try await BusAnswerer(session).answering(["id": "firefox"]) { try await session.send(body) }
        }
        try await session.telling {
            _ = try await eventually("the window") {
                FileManager.default.fileExists(atPath: pinentry + ".pid") ? () : nil
            }
        }
        let report = try await session.stop()
        #expect(report.status == 0)
        #expect(!report.errors.contains("takes too long"))
        // It has got an answer, whatever became of the bus that its question was answered on.
        _ = await sending.result
    }

    /// Mounts a file system that answers nothing at a folder, in mounts of its own, has the daemon read its configuration from
    /// there, and tells it to stop once it does; ends with the daemon's status.
    private static let hanging = #"""
        import ctypes, os, select, signal, struct, sys, time

        libc = ctypes.CDLL(None, use_errno=True)
        def check(result):
            if result: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        check(libc.unshare(0x20000))  # CLONE_NEWNS
        check(libc.mount(b"none", b"/", None, 0x44000, None))  # MS_REC | MS_PRIVATE
        server = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        options = f"fd={server},rootmode=40000,user_id=0,group_id=0"
        check(libc.mount(b"none", sys.argv[1].encode(), b"fuse", 0, options.encode()))
        daemon = os.fork()
        if daemon == 0: os.execv(sys.argv[2], [sys.argv[2], "--config", sys.argv[1] + "/config.toml"])
        _, _, number = struct.unpack_from("=IIQ", os.read(server, 1 << 20))  # FUSE_INIT
        version = struct.pack("=IIIIHHIIHHI28x", 7, 31, 0, 0, 0, 0, 4096, 1, 1, 0, 0)
        os.write(server, struct.pack("=IiQ", 16 + len(version), 0, number) + version)
        # What is asked next isn't taken: a process can't end before it has an answer to what was.
        select.select([server], [], [])
        while True:
            os.kill(daemon, signal.SIGTERM)
            ended, status = os.waitpid(daemon, os.WNOHANG)
            if ended: sys.exit(os.waitstatus_to_exitcode(status))
            time.sleep(0.1)
        """#

    private static let mayMount = geteuid() == 0 && FileManager.default.isWritableFile(atPath: "/dev/fuse")

    @Test(.enabled(if: mayMount, "it mounts a file system, so it must be root"))
    func `a configuration that a disk doesn't give holds up no stop`() async throws {
        let session = try await DaemonSession(withKeyring: false, starting: false)
        let folder = try TemporaryFolder()
        let report = try await ChildProcess.run(
            "python3",
            ["-c", Self.hanging, folder.path, DaemonSession.programs + "/keybelld"],
            environment: session.bus.environment
        )
        #expect(report.status == 0, "\(report)")
    }

    @Test func `a stop during the start ends it with status 0`() async throws {
        let provider = try await RefusingProvider(over: try await KeyringSession())
        provider.holding.update { $0 = "SearchItems" }
        defer { provider.holding.update { $0 = nil } }
        let session = try await DaemonSession(on: provider.bus, starting: false)
        let daemon = try ChildProcess(
            DaemonSession.programs + "/keybelld",
            ["--config", session.configuration],
            environment: session.bus.environment
        )
        try await provider.calls.wait(for: "a look for the keys") { $0["SearchItems"] ?? 0 > 0 ? () : nil }
        daemon.terminate()
        let report = try await daemon.end(within: .seconds(60))
        #expect(report.status == 0, "\(report)")
    }
}
