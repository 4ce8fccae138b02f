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
            '\(Household.programs)/keybelld' --config '\(configuration)' & daemon=$!
            curl -sS --retry 20 --retry-delay 1 --retry-connrefused -m 30 http://127.0.0.1:\(port)/version
            '\(Household.programs)/keybell' doctor --config '\(configuration)'
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
}
