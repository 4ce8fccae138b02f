// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The unit files, in a systemd of the test's own.
///
/// One at a time: two managers of one user would share their control groups, and end each other's services.
@Suite(.serialized)
struct SystemdUnitTests {
    /// The repository, from this file's place in it.
    static let repository = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// A folder of user units as `make install` would lay them, for the built daemon and a free port.
    private static func units(in folder: TemporaryFolder, port: Int) throws -> String {
        let units = try folder.makeFolder("units")
        let service = try String(contentsOfFile: repository + "/systemd/keybell.service", encoding: .utf8)
            .replacing("/usr/bin/keybell", with: DaemonSession.programs + "/keybell")
        let socket = try String(contentsOfFile: repository + "/systemd/keybell.socket", encoding: .utf8)
            .replacing("19455", with: String(port))
        try service.write(toFile: units + "/keybell.service", atomically: true, encoding: .utf8)
        try socket.write(toFile: units + "/keybell.socket", atomically: true, encoding: .utf8)
        return units
    }

    /// Asks systemd's own tool about a unit, in a runtime folder of its own.
    private static func analyze(_ arguments: String..., in folder: TemporaryFolder) async throws
        -> ChildProcess.Report
    {
        try await ChildProcess.run(
            "systemd-analyze",
            ["--user", "--man=no", "--no-pager"] + arguments,
            environment: [
                "XDG_RUNTIME_DIR": try folder.makeFolder("runtime"), "HOME": folder.path,
                "SYSTEMD_LOG_TARGET": "console",
            ]
        )
    }

    @Test func `systemd-analyze finds nothing to say about the units`() async throws {
        let folder = try TemporaryFolder()
        let units = try Self.units(in: folder, port: 19455)
        for unit in ["keybell.service", "keybell.socket"] {
            let report = try await Self.analyze("verify", "\(units)/\(unit)", in: folder)
            // Of this machine's other units it may say what it likes.
            let ours = (report.output + report.errors).split(separator: "\n").filter {
                $0.contains("keybell")
            }
            #expect(ours == [])
        }
    }

    /// What is left of it can't be had in a user's unit without a namespace: 6.2 of 10, or 62 of 100.
    @Test func `the unit is no more exposed than it has come to be`() async throws {
        let folder = try TemporaryFolder()
        let units = try Self.units(in: folder, port: 19455)
        let report = try await Self.analyze(
            "security",
            "--offline=yes",
            "--threshold=62",
            "\(units)/keybell.service",
            in: folder
        )
        #expect(report.output.contains("Overall exposure level for keybell.service: "), "\(report)")
        #expect(report.status == 0, "\(report.output)")
    }

    /// Runs a script in a session whose systemd has the units, with a bus and an open keyring.
    ///
    /// - Parameters:
    ///   - script: What bash is to do once the socket is there; `$keybell` is the command line.
    ///   - folder: The session's home; its `config` is the configuration folder.
    ///   - port: Where the socket listens.
    /// - Returns: What the script printed, and systemd's log.
    /// - Throws: `TimedOut`.
    private static func inSession(
        _ script: String,
        folder: TemporaryFolder,
        port: Int
    ) async throws -> (report: ChildProcess.Report, log: String) {
        let units = try units(in: folder, port: port)
        let runtime = try folder.makeFolder("runtime")
        let setting = """
            set -eu
            keybell="\(DaemonSession.programs)/keybell"
            mount -t tmpfs tmpfs /run
            mkdir -p /run/systemd/system
            mkdir -p "$XDG_CONFIG_HOME/systemd/user"
            cp "\(units)"/keybell.* "$XDG_CONFIG_HOME/systemd/user/"
            /lib/systemd/systemd --user --log-target=console >"\(folder.path)/systemd.log" 2>&1 &
            manager=$!
            trap 'kill $manager $(jobs -p); wait $manager || true' EXIT
            soon() { for _ in $(seq 600); do eval "$1" && return; sleep 0.1; done; echo "In vain: $1"; return 1; }
            soon 'systemctl --user is-system-running 2>/dev/null | grep -qE "running|degraded"'
            export DBUS_SESSION_BUS_ADDRESS="unix:path=$XDG_RUNTIME_DIR/bus"
            printf demopass | gnome-keyring-daemon --unlock --foreground --components=secrets >/dev/null 2>&1 &
            soon 'busctl --user get-property org.freedesktop.secrets /org/freedesktop/secrets/aliases/default \
                org.freedesktop.Secret.Collection Locked 2>/dev/null | grep -q false'
            systemctl --user start keybell.socket

            """
        let report = try await ChildProcess.run(
            "unshare",
            ["--mount", "bash", "-c", setting + script],
            environment: [
                "XDG_RUNTIME_DIR": runtime, "HOME": folder.path, "XDG_CONFIG_HOME": folder.path("config"),
                "XDG_STATE_HOME": folder.path("state"), "XDG_DATA_HOME": folder.path("data"),
            ],
            within: .seconds(300)
        )
        return (
            report, (try? String(contentsOfFile: folder.path("systemd.log"), encoding: .utf8)) ?? "no log"
        )
    }

    @Test(.enabled(if: getuid() == 0, "a systemd of its own needs a mount namespace"))
    func `started by its socket and hardened, the daemon still names the asking executable`() async throws {
        let folder = try TemporaryFolder()
        let port = try FreePort.next()
        let script = """
            curl -sS -m 90 --data-binary '{"RequestType":"test-associate"}' http://127.0.0.1:\(port)/
            echo
            systemctl --user show -p ActiveState -p NRestarts keybell.service
            curl -sS -m 90 --data-binary @"\(folder.path)/associate.json" http://127.0.0.1:\(port)/ >/dev/null &
            for _ in $(seq 600); do
                busctl --user --json=short call org.keybell.Keybell /org/keybell/Approval org.keybell.Approval1 \
                    ListRequests >"\(folder.path)/requests" 2>&1 || true
                grep -q executable "\(folder.path)/requests" && break
                sleep 0.1
            done
            cat "\(folder.path)/requests"
            systemctl --user stop keybell.service keybell.socket
            systemctl --user show -p Result keybell.service
            """
        let client = try associateBody()
        try Data(client).write(to: URL(filePath: folder.path("associate.json")))
        let (report, log) = try await Self.inSession(script, folder: folder, port: port)
        #expect(report.output.contains(#""Success":false"#), "\(report) \(log)")
        #expect(report.output.contains("ActiveState=active"), "\(log)")
        #expect(report.output.contains("NRestarts=0"))
        #expect(report.output.contains("/usr/bin/curl"), "\(report.output) \(log)")
        #expect(report.output.contains("Result=success"), "\(report.output)")
    }

    /// A login is saved and handed out: key derivation, a password command, files replaced and watched, the keyring,
    /// the bus; all that the daemon and what it starts call must be among what the unit lets through.
    @Test(.enabled(if: getuid() == 0, "a systemd of its own needs a mount namespace"))
    func `the unit's filter lets the daemon do all its work`() async throws {
        let folder = try TemporaryFolder()
        let port = try FreePort.next()
        try folder.makeFolder("config/keybell")
        try folder.write(
            "config/keybell/config.toml",
            """
            [http]
            port = \(port)
            [[vault]]
            kind = "kdbx"
            name = "main"
            path = "~/main.kdbx"
            password_command = ["sh", "-c", "grep Seccomp: /proc/self/status >~/child; echo demopass"]
            """
        )
        let script = """
            printf 'demopass\\ndemopass\\n' | QT_QPA_PLATFORM=offscreen keepassxc-cli db-create -q -p ~/main.kdbx
            curl -sS -m 90 http://127.0.0.1:\(port)/version
            echo
            grep -E 'Seccomp:|NoNewPrivs:' "/proc/$(systemctl --user show -P MainPID keybell.service)/status"
            $keybell unlock
            cat ~/child
            while sleep 0.1; do
                for code in $($keybell requests --json | jq -r '.[].code'); do $keybell allow "$code"; done
            done >/dev/null 2>&1 &
            $keybell client associate
            echo saved-password | $keybell client save https://site.example/ --user ann
            $keybell client logins https://site.example/ --json
            echo demopass | QT_QPA_PLATFORM=offscreen keepassxc-cli search -q ~/main.kdbx site.example
            $keybell lock
            systemctl --user stop keybell.service keybell.socket
            systemctl --user show -p Result -p NRestarts keybell.service
            """
        let (report, log) = try await Self.inSession(script, folder: folder, port: port)
        #expect(report.status == 0, "\(report) \(log)")
        #expect(report.output.contains("NoNewPrivs:\t1\nSeccomp:\t2"), "\(report.output)")
        // What it starts is filtered, too.
        #expect(report.output.count(where: { $0 == "\t" }) >= 3, "\(report.output)")
        #expect(report.output.contains("saved-password"), "\(report) \(log)")
        #expect(report.output.contains("site.example"))
        #expect(report.output.contains("Result=success") && report.output.contains("NRestarts=0"))
    }

    /// A daemon that ended would be started again for the waiting connection, until systemd lets go of the port.
    @Test(.enabled(if: getuid() == 0, "a systemd of its own needs a mount namespace"))
    func `a mistake in the configuration keeps the port, is told to clients, and ends by itself once mended`()
        async throws
    {
        let folder = try TemporaryFolder()
        let port = try FreePort.next()
        try folder.makeFolder("config/keybell")
        try folder.write("config/keybell/config.toml", "[http]\nport = \(port)\nprot = 1\n")
        let script = """
            for _ in $(seq 30); do
                curl -sS -m 90 -o answer -w '%{http_code} ' --data-binary '{"RequestType":"test-associate"}' \
                    http://127.0.0.1:\(port)/
            done
            cat answer
            echo
            systemctl --user is-active keybell.socket
            $keybell doctor | grep -F 'keybell.socket: ' || true
            $keybell doctor | grep ':\(port):' || true
            $keybell status 2>&1 || true
            for command in clients grants 'revoke --all' 'forget --all' unmute 'unlock main' 'rename a b'; do
                echo "$command: $($keybell $command 2>&1)"
            done
            $keybell doctor | grep '  Daemon: ' || true
            printf '[http]\\nport = \(port)\\n' >"$XDG_CONFIG_HOME/keybell/config.toml"
            for _ in $(seq 100); do
                curl -sS -m 90 --data-binary '{"RequestType":"test-associate"}' http://127.0.0.1:\(port)/ >after
                grep -q Hash after && break
                sleep 0.1
            done
            cat after
            systemctl --user stop keybell.service keybell.socket
            """
        let (report, log) = try await Self.inSession(
            "cd \"\(folder.path)\"\n" + script,
            folder: folder,
            port: port
        )
        #expect(report.output.hasPrefix(String(repeating: "503 ", count: 30)), "\(report) \(log)")
        #expect(report.output.contains("can't be used (http.prot): run keybell doctor."), "\(report.output)")
        #expect(!report.output.contains("config.toml can't be used"), "no path in it")
        #expect(
            report.output.contains("\nactive\nok    keybell.socket: holds port \(port)\n"),
            "\(report.output)"
        )
        #expect(report.output.contains("\"Hash\""), "\(report.output) \(log)")
        #expect(report.output.contains("ok    127.0.0.1:\(port): "), "\(report.output)")
        #expect(!report.output.contains("FAIL"), "\(report.output)")
        #expect(
            report.output.contains("its configuration has a mistake: ")
                && report.output.contains("http.prot: unknown key"),
            "\(report.output)"
        )
        for command in ["clients", "grants", "revoke --all", "forget --all", "unlock main", "rename a b"] {
            #expect(
                report.output.contains(
                    "\(command): keybell: Keybell can't begin its work, for its configuration"
                ),
                "\(report.output)"
            )
        }
        #expect(report.output.contains("waits for its configuration to be mended"), "\(report.output)")
    }

    @Test(.enabled(if: getuid() == 0, "a systemd of its own needs a mount namespace"))
    func `systemctl reload puts a change in force, and fails where there is a mistake`() async throws {
        let folder = try TemporaryFolder()
        let port = try FreePort.next()
        let file = try folder.makeFolder("config/keybell") + "/config.toml"
        let version = "[http]\nport = \(port)\n[protocol]\nversion = "
        try folder.write("mistake", version + "2")
        try folder.write("first", version + "\"2.1.0.0\"")
        try folder.write("second", version + "\"2.2.0.0\"")
        let script = """
            pid() { systemctl --user show -P MainPID keybell.service; }
            send() { curl -sS -m 90 -o answer -w '%{http_code} ' http://127.0.0.1:\(port)/version; cat answer; echo; }
            cp mistake "\(file)"
            send
            waiting=$(pid)
            kill -HUP "$waiting"
            sleep 1
            send
            test "$(pid)" = "$waiting" && echo "waits on"
            cp first "\(file)"
            kill -HUP "$waiting" || true
            for _ in $(seq 100); do send | grep -q '2.1.0.0' && break; sleep 0.1; done
            send
            serving=$(pid)
            cp second "\(file)"
            systemctl --user reload keybell.service && echo reloaded
            send
            cp mistake "\(file)"
            systemctl --user reload keybell.service || echo failed
            send
            test "$(pid)" = "$serving" && echo "serves on"
            systemctl --user stop keybell.service keybell.socket
            """
        let (report, log) = try await Self.inSession(
            "cd \"\(folder.path)\"\n" + script,
            folder: folder,
            port: port
        )
        let lines = report.output.split(separator: "\n").filter { $0 != "200 2.3.1.0" }
        #expect(
            lines == [
                "waits on", "200 2.1.0.0", "reloaded", "200 2.2.0.0", "failed", "200 2.2.0.0", "serves on",
            ],
            "\(report) \(log)"
        )
    }

    @Test(.enabled(if: getuid() == 0, "a systemd of its own needs a mount namespace"))
    func `one command makes systemd's port the configuration's`() async throws {
        let folder = try TemporaryFolder()
        let port = try FreePort.next()
        let other = try FreePort.next()
        try folder.makeFolder("config/keybell")
        try folder.write("config/keybell/config.toml", "[http]\nport = \(other)\n")
        let script = """
            $keybell doctor | grep -A1 -F 'keybell.socket: ' || true
            $keybell socket
            curl -sS -m 90 http://127.0.0.1:\(other)/version
            echo
            $keybell doctor | grep -F 'keybell.socket: ' || true
            $keybell doctor | grep ':\(port):' || true
            $keybell status 2>&1 || true
            $keybell socket --own-port
            own=$(grep -o 'port = .*' "$XDG_CONFIG_HOME/keybell/config.toml")
            curl -sS -m 90 "http://127.0.0.1:${own#port = }/version"
            systemctl --user stop keybell.service keybell.socket
            """
        let (report, log) = try await Self.inSession(script, folder: folder, port: port)
        #expect(
            report.output.contains(
                "FAIL  keybell.socket: holds port \(port), but the configuration says \(other)"
            ),
            "\(report)"
        )
        #expect(report.output.contains("Run `keybell socket`"), "\(report)")
        #expect(
            report.output.contains("2.3.1.0\nok    keybell.socket: holds port \(other)"),
            "\(report) \(log)"
        )
        #expect(
            report.output.contains("http://localhost:19500") && report.output.hasSuffix("2.3.1.0"),
            "\(report) \(log)"
        )
    }
}
