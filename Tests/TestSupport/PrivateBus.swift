// SPDX-License-Identifier: Apache-2.0

package import DBus

/// A real dbus-daemon of a test's own, with a home of its own for what runs on it.
package final class PrivateBus: Sendable {
    /// Where to connect.
    package let address: String
    /// Everything of this session is kept in here.
    package let folder: TemporaryFolder
    private let daemon: ChildProcess

    /// Starts a bus; nothing is activated on it but what the test puts into `services`.
    ///
    /// - Parameter mostMatchRules: How many match rules each connection may have; nil for as many as usual.
    /// - Throws: Why it doesn't start.
    package init(mostMatchRules: Int? = nil) async throws {
        folder = try TemporaryFolder()
        for name in ["home", "run", "config", "data", "state", "cache", "services"] {
            try folder.makeFolder(name)
        }
        let configuration = try folder.write("bus.conf", Self.configuration(in: folder, mostMatchRules))
        daemon = try ChildProcess(
            "dbus-daemon",
            ["--nofork", "--nopidfile", "--nosyslog", "--print-address=1", "--config-file=\(configuration)"],
            environment: ["DBUS_VERBOSE": "0"]
        )
        address = try await daemon.firstLine()
    }

    deinit {
        kill()
    }

    /// Ends the bus at once.
    package func kill() {
        daemon.kill()
    }

    /// The bus, as `BusConnection.connect` takes it.
    package var bus: Bus { .address(address) }

    /// A new connection to it.
    package func connect() async throws(DBusError) -> BusConnection {
        try await BusConnection.connect(bus)
    }

    /// The environment of a session on this bus: the bus's address and folders for `HOME` and all of XDG.
    package var environment: [String: String] {
        [
            "DBUS_SESSION_BUS_ADDRESS": address,
            "HOME": folder.path("home"),
            "XDG_RUNTIME_DIR": folder.path("run"),
            "XDG_CONFIG_HOME": folder.path("config"),
            "XDG_DATA_HOME": folder.path("data"),
            "XDG_STATE_HOME": folder.path("state"),
            "XDG_CACHE_HOME": folder.path("cache"),
        ]
    }

    /// The folder for activation files.
    package var services: String { folder.path("services") }

    /// Waits until somebody owns a name.
    ///
    /// - Parameters:
    ///   - name: the well-known name.
    ///   - limit: how long to wait.
    /// - Returns: the owner's unique name.
    /// - Throws: `TimedOut`.
    package func owner(of name: String, within limit: Duration = .seconds(20)) async throws -> String {
        let connection = try await connect()
        let found = Observed<String?>(nil)
        let owners = try await connection.owners(of: name)
        let following = Task {
            for await owner in owners { found.update { $0 = owner } }
        }
        defer { following.cancel() }
        let owner = try await found.wait(for: "an owner of \(name)", within: limit) { $0 }
        await connection.close()
        return owner
    }

    /// Ends the bus, as a session's end does, and waits until it is gone.
    package func stop() async throws {
        daemon.terminate()
        _ = try await daemon.end()
    }

    private static func configuration(in folder: TemporaryFolder, _ mostMatchRules: Int?) -> String {
        let limit = mostMatchRules.map { "<limit name=\"max_match_rules_per_connection\">\($0)</limit>" }
        return """
            <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
             "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig>
              <type>session</type>
              <listen>unix:path=\(folder.path("bus"))</listen>
              <auth>EXTERNAL</auth>
              <servicedir>\(folder.path("services"))</servicedir>
              <limit name="max_message_unix_fds">253</limit>
              \(limit ?? "")
              <policy context="default">
                <allow send_destination="*" eavesdrop="true"/>
                <allow eavesdrop="true"/>
                <allow own="*"/>
              </policy>
            </busconfig>

            """
    }
}
