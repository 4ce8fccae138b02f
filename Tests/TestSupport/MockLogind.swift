// SPDX-License-Identifier: Apache-2.0

import DBus
import Glibc

/// python-dbusmock's logind on a system bus of the test's own: the real one has to be the machine's.
///
/// It has one graphical session of this user. Its delay locks are pipes, as the real ones are.
package final class MockLogind: Sendable {
    private static let name = "org.freedesktop.login1"
    private static let path: ObjectPath = "/org/freedesktop/login1"
    private static let session: ObjectPath = "/org/freedesktop/login1/session/c1"
    private static let manager = name + ".Manager"
    private static let mock = "org.freedesktop.DBus.Mock"

    /// The bus that it serves.
    package let systemBus: PrivateBus
    private let bus: BusConnection
    private let server: ChildProcess

    /// Starts a bus and the mock on it.
    package init() async throws {
        systemBus = try await PrivateBus()
        server = try ChildProcess(
            "/usr/bin/python3",
            ["-m", "dbusmock", "--system", "--template", "logind"],
            environment: systemBus.environment.merging(
                ["DBUS_SYSTEM_BUS_ADDRESS": systemBus.address]
            ) { $1 }
        )
        _ = try await systemBus.owner(of: Self.name)
        bus = try await systemBus.connect()
        _ = try await bus.call(
            Self.name,
            Self.path,
            Self.mock,
            "AddSession",
            [.string("c1"), .string("seat0"), .uint32(getuid()), .string("me"), .boolean(true)]
        )
        try await update(["Type": .string("wayland")])
    }

    deinit {
        server.kill()
    }

    /// Where a daemon finds it.
    package var environment: [String: String] { ["DBUS_SYSTEM_BUS_ADDRESS": systemBus.address] }

    /// Says that the computer is about to sleep, or has woken up.
    package func sleep(_ starts: Bool) async throws {
        try await emit(Self.path, Self.manager, "PrepareForSleep", "b", [.boolean(starts)])
    }

    /// Asks for the session to be locked or unlocked, as `loginctl lock-session` does.
    package func ask(to word: String) async throws {
        try await emit(Self.session, Self.name + ".Session", word, "", [])
    }

    /// Says that the session is locked or not, as a locker does.
    package func setLocked(_ isLocked: Bool) async throws {
        try await update(["LockedHint": .boolean(isLocked)])
    }

    /// Says for how many seconds nobody has touched the session, and what the calendar makes of that; nil if somebody does.
    package func setIdle(for seconds: Int64?, byCalendar calendar: Int64? = nil) async throws {
        func ago(_ seconds: Int64?, _ clock: clockid_t) -> Value {
            guard let seconds else { return .uint64(0) }
            var now = timespec()
            unsafe clock_gettime(clock, &now)
            return .uint64(UInt64(max(1, Int64(now.tv_sec) - seconds)) * 1_000_000)
        }
        try await update([
            "IdleHint": .boolean(seconds != nil),
            "IdleSinceHint": ago(calendar ?? seconds, CLOCK_REALTIME),
            "IdleSinceHintMonotonic": ago(seconds, CLOCK_MONOTONIC),
        ])
    }

    /// Lets nobody delay sleep from now on.
    package func refuseInhibitors() async throws {
        _ = try await bus.call(
            Self.name,
            Self.path,
            Self.mock,
            "AddMethod",
            [
                .string(Self.manager), .string("Inhibit"), .string("ssss"), .string("h"),
                .string(
                    "raise dbus.exceptions.DBusException('no', name='org.freedesktop.DBus.Error.AccessDenied')"
                ),
            ]
        )
    }

    /// How many programs delay sleep now.
    package func inhibitors() async throws -> Int {
        let answer = try await bus.call(Self.name, Self.path, Self.manager, "ListInhibitors")
        return answer.first?.asArray?.count ?? 0
    }

    /// Ends it, as if logind were restarted.
    package func stop() {
        server.kill()
    }

    private func update(_ properties: [String: Value]) async throws {
        _ = try await bus.call(
            Self.name,
            Self.session,
            Self.mock,
            "UpdateProperties",
            [.string(Self.name + ".Session"), .vardict(properties)]
        )
    }

    private func emit(
        _ path: ObjectPath,
        _ interface: String,
        _ member: String,
        _ signature: String,
        _ body: [Value]
    ) async throws {
        _ = try await bus.call(
            Self.name,
            path,
            Self.mock,
            "EmitSignal",
            [
                .string(interface), .string(member), .string(signature),
                .array("v", body.map { .variant($0) }),
            ]
        )
    }
}
