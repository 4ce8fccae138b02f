// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Tests often run as root, who may do what the person's own programs may not.
struct OrdinaryUserTests {
    @Test func `a user who isn't root is served, too`() async throws {
        let folder = try TemporaryFolder()
        let port = try FreePort.next()
        let configuration = try folder.write(
            "config.toml",
            "[http]\nport = \(port)\n[approval]\nnotifier = false\n"
        )
        let script = """
            '\(DaemonSession.programs)/keybelld' --config '\(configuration)' & daemon=$!
            curl -sS --retry 20 --retry-delay 1 --retry-connrefused -m 30 http://127.0.0.1:\(port)/version
            '\(DaemonSession.programs)/keybell' doctor --config '\(configuration)'
            kill $daemon; wait $daemon
            """
        var command = ["dbus-run-session", "--", "sh", "-c", script]
        if geteuid() == 0 {
            _ = try await ChildProcess.run("chown", ["-R", "nobody", folder.path])
            command = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] + command
        }
        let report = try await ChildProcess.run(
            command[0],
            Array(command.dropFirst()),
            environment: ["HOME": folder.path, "XDG_RUNTIME_DIR": folder.path, "XDG_STATE_HOME": folder.path]
        )
        #expect(report.output.contains("2.3.1.0"), "\(report)")
        // Its process can't be looked into, so it has to be asked.
        #expect(report.output.contains("127.0.0.1:\(port): Keybell listens"), "\(report)")
        #expect(report.status == 0)
    }

    /// KeePassXC lets nobody but root look into its process, so that its executable can't be read.
    @Test func `advice about KeePassXC reaches a user who isn't root`() async throws {
        let folder = try TemporaryFolder()
        let ini = try folder.write(
            "keepassxc.ini",
            "[General]\nConfigVersion=2\nUpdateCheckMessageShown=true\n[GUI]\nCheckForUpdates=false\n[FdoSecrets]\nEnabled=true\n"
        )
        let script = """
            QT_QPA_PLATFORM=offscreen keepassxc --config '\(ini)' >/dev/null 2>&1 & keyring=$!
            for _ in $(seq 100); do
                dbus-send --session --print-reply --dest=org.freedesktop.DBus / \
                    org.freedesktop.DBus.NameHasOwner string:org.freedesktop.secrets | grep -q true && break
                sleep 0.1
            done
            '\(DaemonSession.programs)/keybell' doctor
            kill $keyring; wait $keyring
            """
        var command = ["dbus-run-session", "--", "sh", "-c", script]
        if geteuid() == 0 {
            _ = try await ChildProcess.run("chown", ["-R", "nobody", folder.path])
            command = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] + command
        }
        let report = try await ChildProcess.run(
            command[0],
            Array(command.dropFirst()),
            environment: [
                "HOME": folder.path, "XDG_RUNTIME_DIR": folder.path, "XDG_STATE_HOME": folder.path,
                "XDG_CONFIG_HOME": folder.path, "TMPDIR": folder.path,
            ]
        )
        #expect(report.output.contains("ok    Secret Service: KeePassXC, process "), "\(report)")
        #expect(report.output.contains("Open a database in KeePassXC"), "\(report)")
    }
}
