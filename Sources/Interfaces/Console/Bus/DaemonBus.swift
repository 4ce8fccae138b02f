// SPDX-License-Identifier: Apache-2.0

import BusInterface
import ConcurrencyTools
import DBus
import DisplayText
import Settings

/// The daemon, as seen over the session bus.
struct DaemonBus: Sendable {
    let bus: BusConnection
    /// What it is called by: its well-known name, which anybody may own, or the unique name of one that was looked at
    /// (``trusted()``).
    let name: String

    /// How long a bus may take for the first word.
    private static let handshake = Duration.seconds(15)

    /// Connects to the session bus.
    static func connect() async throws(ConsoleError) -> DaemonBus {
        let connecting = await timed(handshake) {
            await Result { () async throws(DBusError) in try await BusConnection.connect(.session) }
        }
        let outcome: Result<BusConnection, DBusError>
        switch connecting {
        case .done(let done): outcome = done
        case .late:
            throw .unreachable(
                "The session bus takes the connection but doesn't answer: is its dbus-daemon stopped or overloaded?"
            )
        case .cancelled: throw .unreachable("The session bus is no longer waited for.")
        }
        do throws(DBusError) {
            return DaemonBus(bus: try outcome.get(), name: KeybellBus.name)
        } catch {
            guard error.name != DBusError.Name.limitsExceeded else {
                throw .refused(
                    "The session bus is busy and takes no more connections: try again in a moment."
                )
            }
            throw .unreachable(
                """
                There is no session bus (\(PlainText.cleaned(error.message))).
                Run this inside your session; over SSH, run this first:
                    export DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$(id -u)/bus
                """
            )
        }
    }

    /// The same, sure to be the person's own: for what is given a secret or a terminal.
    ///
    /// - Throws: What is wrong with whatever has its name, or that nothing has.
    func trusted() async throws(ConsoleError) -> DaemonBus {
        guard let owner = try await trustedOwner() else { throw .unreachable(ConsoleError.notRunning) }
        return DaemonBus(bus: bus, name: owner)
    }

    /// Calls a method of the daemon; `starts` says whether the bus may start the daemon for this.
    @discardableResult
    func call(
        _ interface: BusInterfaceDescription,
        _ method: BusMethod,
        _ arguments: [Value] = [],
        timeout: Duration = .seconds(10),
        starts: Bool = true
    ) async throws(ConsoleError) -> [Value] {
        guard let path = ObjectPath(interface.path) else {
            throw .refused("\(interface.path) is no object path.")
        }
        do throws(DBusError) {
            return try await bus.call(
                name,
                path,
                interface.name,
                method.name,
                arguments,
                timeout: timeout,
                noAutoStart: !starts
            )
        } catch {
            guard error.name == DBusError.Name.noReply else { throw ConsoleError(error) }
            guard await isThere() else {
                throw .unreachable(
                    "Keybell has ended before it answered. `journalctl --user -u keybell` may say why."
                )
            }
            throw .noAnswer
        }
    }

    /// Whether the daemon has its name, or the bus is too busy to say.
    private func isThere() async -> Bool {
        do throws(DBusError) {
            return try await bus.owner(of: name) != nil
        } catch {
            return error.name != DBusError.Name.disconnected
        }
    }

    /// Calls a method that takes texts and gives nothing.
    func call(
        _ interface: BusInterfaceDescription,
        _ method: BusMethod,
        texts: [String],
        timeout: Duration = .seconds(10)
    ) async throws(ConsoleError) {
        try await call(interface, method, texts.map { .string($0) }, timeout: timeout)
    }

    /// The daemon's unique name; nil while it doesn't run.
    func owner() async -> String? {
        // A bus that can't say is as good as none.
        try? await bus.owner(of: KeybellBus.name)
    }
}

extension DBusError {
    /// Whether it says that no daemon is on the bus, and that the bus can't start one.
    var saysAbsent: Bool {
        [
            DBusError.Name.serviceUnknown, DBusError.Name.nameHasNoOwner, DBusError.Name.disconnected,
            DBusError.Name.timedOut,
        ].contains(name)
            || name.hasPrefix("org.freedesktop.DBus.Error.Spawn.")
            || name.hasPrefix("org.freedesktop.systemd1.")
    }
}

extension ConsoleError {
    /// What an error of the bus means for the person.
    init(_ error: DBusError) {
        let message = PlainText.cleaned(error.message)
        switch error.name {
        case KeybellBusError.unknownRequest:
            self = .noRequest("No request of that code waits.")
        case KeybellBusError.notAllowed:
            self = .refused("Not allowed from here: \(message)")
        case KeybellBusError.unconfigured:
            self = .unreachable(Self.unconfigured(message))
        case DBusError.Name.noReply:
            self = .noAnswer
        case _ where error.saysAbsent:
            self = .unreachable(Self.notRunning)
        case DBusError.Name.unknownMethod:
            self = .refused(
                "This Keybell can't do that yet: restart the daemon if it is older than this command."
            )
        default:
            self = .refused(message.isEmpty ? PlainText.cleaned(error.name) : message)
        }
    }

    /// That it gives no answer, or the bus doesn't.
    static let noAnswer = ConsoleError.unreachable(
        "Keybell didn't answer in time: try again. `journalctl --user -u keybell` may say why."
    )

    /// That no request of a code is there, and where those are that there are.
    static func noRequest(_ sentence: String) -> ConsoleError {
        .refused("\(sentence) `keybell requests` lists those that wait, with --recent the ended ones.")
    }

    /// What to do where the daemon waits for its configuration to be mended.
    private static func unconfigured(_ message: String) -> String {
        do throws(ConfigurationError) {
            _ = try Configuration.loadIfThere()
            // The daemon reads another file, or the mistake has just been mended.
            return message
        } catch {
            return
                "\(KeybellBusError.unconfiguredText): \(PlainText.cleaned("\(error)")). "
                + "Correct that: it begins by itself then."
        }
    }

    /// What to do where no daemon is on the bus: with a mistake in its configuration it doesn't come there.
    fileprivate static var notRunning: String {
        do throws(ConfigurationError) {
            _ = try Configuration.loadIfThere()
            return
                "Keybell isn't running. Start it with `systemctl --user start keybell`, or run keybelld; "
                + "`keybell doctor` finds what is in the way."
        } catch {
            return
                "\(KeybellBusError.unconfiguredText): \(PlainText.cleaned("\(error)")). "
                + "Correct that, then start it with `systemctl --user start keybell`, or run keybelld."
        }
    }
}
