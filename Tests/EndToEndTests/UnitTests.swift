// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The unit files, in a systemd of the test's own.
struct UnitTests {
    /// The repository, from this file's place in it.
    static let repository = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// A folder of user units as `make install` would lay them, for the built daemon and a free port.
    private static func units(in folder: TemporaryFolder, port: Int) throws -> String {
        let units = try folder.makeFolder("units")
        let service = try String(contentsOfFile: repository + "/systemd/keybell.service", encoding: .utf8)
            .replacing("/usr/bin/keybelld", with: Household.programs + "/keybelld")
        let socket = try String(contentsOfFile: repository + "/systemd/keybell.socket", encoding: .utf8)
            .replacing("19455", with: String(port))
        try service.write(toFile: units + "/keybell.service", atomically: true, encoding: .utf8)
        try socket.write(toFile: units + "/keybell.socket", atomically: true, encoding: .utf8)
        return units
    }

    @Test func `systemd-analyze finds nothing to say about the units`() async throws {
        let folder = try TemporaryFolder()
        let units = try Self.units(in: folder, port: 19455)
        let runtime = try folder.makeFolder("runtime")
        for unit in ["keybell.service", "keybell.socket"] {
            let report = try await ChildProcess.run(
                "systemd-analyze",
                ["--user", "--man=no", "verify", "\(units)/\(unit)"],
                environment: [
                    "XDG_RUNTIME_DIR": runtime, "HOME": folder.path, "SYSTEMD_LOG_TARGET": "console",
                ]
            )
            #expect(report.output + report.errors == "")
        }
    }

    @Test(.enabled(if: getuid() == 0, "a systemd of its own needs a mount namespace"))
    func `started by its socket and hardened, the daemon still names the asking executable`() async throws {
        let folder = try TemporaryFolder()
        let port = try FreePort.next()
        let units = try Self.units(in: folder, port: port)
        let runtime = try folder.makeFolder("runtime")
        let script = """
            set -eu
            mount -t tmpfs tmpfs /run
            mkdir -p /run/systemd/system
            mkdir -p "$XDG_CONFIG_HOME/systemd/user"
            cp "\(units)"/keybell.* "$XDG_CONFIG_HOME/systemd/user/"
            /lib/systemd/systemd --user --log-target=console >"\(folder.path)/systemd.log" 2>&1 &
            manager=$!
            trap 'kill $manager $(jobs -p); wait $manager || true' EXIT
            for _ in $(seq 100); do
                systemctl --user is-system-running 2>/dev/null | grep -q running && break
                sleep 0.1
            done
            export DBUS_SESSION_BUS_ADDRESS="unix:path=$XDG_RUNTIME_DIR/bus"
            printf demopass | gnome-keyring-daemon --unlock --foreground --components=secrets >/dev/null 2>&1 &
            for _ in $(seq 100); do
                busctl --user status org.freedesktop.secrets >/dev/null 2>&1 && break
                sleep 0.1
            done
            systemctl --user start keybell.socket
            curl -sS -m 30 --data-binary '{"RequestType":"test-associate"}' http://127.0.0.1:\(port)/
            echo
            systemctl --user show -p ActiveState -p NRestarts keybell.service
            curl -sS -m 30 --data-binary @"\(folder.path)/associate.json" http://127.0.0.1:\(port)/ >/dev/null &
            for _ in $(seq 100); do
                busctl --user --json=short call org.keybell.Keybell /org/keybell/Approval org.keybell.Approval1 \
                    ListRequests >"\(folder.path)/requests" 2>&1 || true
                grep -q executable "\(folder.path)/requests" && break
                sleep 0.1
            done
            cat "\(folder.path)/requests"
            systemctl --user stop keybell.service keybell.socket
            systemctl --user show -p Result keybell.service
            """
        let guest = try associateBody()
        try Data(guest).write(to: URL(filePath: folder.path("associate.json")))
        let report = try await ChildProcess.run(
            "unshare",
            ["--mount", "bash", "-c", script],
            environment: [
                "XDG_RUNTIME_DIR": runtime, "HOME": folder.path, "XDG_CONFIG_HOME": folder.path("config"),
                "XDG_STATE_HOME": folder.path("state"), "XDG_DATA_HOME": folder.path("data"),
            ],
            within: .seconds(90)
        )
        let log = (try? String(contentsOfFile: folder.path("systemd.log"), encoding: .utf8)) ?? "no log"
        #expect(report.output.contains(#""Success":false"#), "\(report) \(log)")
        #expect(report.output.contains("ActiveState=active"), "\(log)")
        #expect(report.output.contains("NRestarts=0"))
        #expect(report.output.contains("/usr/bin/curl"), "\(report.output) \(log)")
        #expect(report.output.contains("Result=success"), "\(report.output)")
    }
}
