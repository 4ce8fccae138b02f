// SPDX-License-Identifier: Apache-2.0

import DBus
import Foundation
import TestSupport

/// logind's part on a system bus of the test's own: the real one needs to be the machine's.
///
/// It has one graphical session of this user. A delay lock is a pipe, as it really is: `sleepers` tells whether its other
/// end is still held.
struct LoginManagerStandIn: Sendable {
    static let name = "org.freedesktop.login1"
    static let path: ObjectPath = "/org/freedesktop/login1"
    static let session: ObjectPath = "/org/freedesktop/login1/session/_32"
    static let manager = name + ".Manager"
    static let sessionInterface = name + ".Session"

    let systemBus: PrivateBus
    private let bus: BusConnection
    private let isLocked = Observed(false)

    init() async throws {
        systemBus = try await PrivateBus()
        bus = try await systemBus.connect()
        let isLocked = isLocked
        let uid = UInt32(getuid())
        await bus.export(
            ExportedObject(
                path: Self.path,
                interfaces: [
                    ExportedInterface(
                        name: Self.manager,
                        methods: [
                            Method("ListSessions", out: [Argument("sessions", "a(susso)")]) { _ in
                                [
                                    .array(
                                        "(susso)",
                                        [
                                            .structure([
                                                .string("2"), .uint32(uid), .string("me"), .string("seat0"),
                                                .objectPath(Self.session),
                                            ])
                                        ]
                                    )
                                ]
                            }
                        ],
                        signals: [SignalDescription("PrepareForSleep", [Argument("start", "b")])]
                    )
                ]
            )
        )
        await bus.export(
            ExportedObject(
                path: Self.session,
                interfaces: [
                    ExportedInterface(
                        name: Self.sessionInterface,
                        signals: [SignalDescription("Lock"), SignalDescription("Unlock")],
                        properties: [
                            Property("User", "(uo)") {
                                .structure([.uint32(uid), .objectPath("/org/freedesktop/login1/user/_0")])
                            },
                            Property("Class", "s") { .string("user") },
                            Property("Type", "s") { .string("wayland") },
                            Property("LockedHint", "b") { .boolean(isLocked.now) },
                            Property("IdleHint", "b") { .boolean(false) },
                            Property("IdleSinceHint", "t") { .uint64(0) },
                        ]
                    )
                ]
            )
        )
        guard try await bus.requestName(Self.name) else { throw TestFailure("no name for logind") }
    }

    /// Where the daemon finds it.
    var environment: [String: String] { ["DBUS_SYSTEM_BUS_ADDRESS": systemBus.address] }

    /// Says that the computer is about to sleep, or has woken up.
    func sleep(_ starts: Bool) async throws {
        try await bus.emit(Self.path, Self.manager, "PrepareForSleep", [.boolean(starts)])
    }

    /// Asks for the session to be locked or unlocked, as `loginctl lock-session` does.
    func ask(to lock: Bool) async throws {
        try await bus.emit(Self.session, Self.sessionInterface, lock ? "Lock" : "Unlock")
    }

    /// Says that the session is locked, as a locker does.
    func setLocked(_ locked: Bool) async throws {
        isLocked.update { $0 = locked }
        try await bus.propertiesChanged(Self.session, Self.sessionInterface, ["LockedHint": .boolean(locked)])
    }
}
