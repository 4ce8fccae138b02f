// SPDX-License-Identifier: Apache-2.0

import DBus
import TestSupport

/// A notification server of the test's own, which keeps what it is told and says what the test wants.
struct FakeServer: Sendable {
    /// A call of `Notify`.
    struct Shown: Sendable {
        let id: UInt32
        let replaces: UInt32
        let title: String
        let body: String
        /// Keys and labels in turn.
        let actions: [String]
        let hints: [String: Value]
        let timeout: Value

        func key(_ label: String) -> String {
            guard let index = actions.firstIndex(of: label), index > 0 else { return "" }
            return actions[index - 1]
        }
    }

    /// What has happened at the server.
    struct State: Sendable {
        /// How many calls of `Notify` it refuses yet.
        var refusals = 0
        /// Whether it takes its time with `Notify` until this is false again.
        var isSlow = false
        var asked = 0
        var shown: [Shown] = []
        var closed: [UInt32] = []
    }

    static let name = "org.freedesktop.Notifications"
    static let path: ObjectPath = "/org/freedesktop/Notifications"

    let bus: BusConnection
    let state = Observed(State())

    /// Serves on a connection of its own.
    init(
        on privateBus: PrivateBus,
        product: String = NotifierFixture.drawsAll,
        capabilities: [String] = ["actions"]
    )
        async throws
    {
        bus = try await privateBus.connect()
        let state = state
        await bus.export(
            ExportedObject(
                path: Self.path,
                interfaces: [
                    ExportedInterface(
                        name: Self.name,
                        methods: [
                            Method("GetCapabilities", out: [Argument("capabilities", "as")]) { _ in
                                [.strings(capabilities)]
                            },
                            Method(
                                "GetServerInformation",
                                out: ["name", "vendor", "version", "spec"].map { Argument($0, "s") }
                            ) { _ in
                                [.string(product), .string("test"), .string("1"), .string("1.2")]
                            },
                            Method(
                                "Notify",
                                in: zip(
                                    [
                                        "app", "replaces", "icon", "summary", "body", "actions", "hints",
                                        "timeout",
                                    ],
                                    ["s", "u", "s", "s", "s", "as", "a{sv}", "i"] as [Signature]
                                ).map { Argument($0, $1) },
                                out: [Argument("id", "u")]
                            ) { (call) async throws(DBusError) in
                                guard state.now.refusals == 0 else {
                                    state.update { $0.refusals -= 1 }
                                    throw DBusError(name: "org.example.TooMany", message: "")
                                }
                                state.update { $0.asked += 1 }
                                // A test that never lets go of it has failed by then.
                                try? await state.wait(for: "the test") { $0.isSlow ? nil : () }
                                return [.uint32(Self.note(call.body, in: state))]
                            },
                            Method("CloseNotification", in: [Argument("id", "u")]) { call in
                                let id = call.body.first?.asUInt32 ?? 0
                                state.update { $0.closed.append(id) }
                                return []
                            },
                        ]
                    )
                ]
            )
        )
        // A server that has just closed its connection has the name until the bus has seen that.
        for _ in 0..<500 {
            if try await bus.requestName(Self.name) { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw TimedOut(description: "the name of the notification server")
    }

    private static func note(_ body: [Value], in state: Observed<State>) -> UInt32 {
        state.update { state in
            state.shown.append(
                Shown(
                    id: UInt32(state.shown.count + 1),
                    replaces: body[1].asUInt32 ?? 0,
                    title: body[3].asString ?? "",
                    body: body[4].asString ?? "",
                    actions: body[5].asStrings ?? [],
                    hints: body[6].vardict ?? [:],
                    timeout: body[7]
                )
            )
        }
        return UInt32(state.now.shown.count)
    }

    /// Waits until so many notifications have been asked for; the last of them.
    func shown(_ count: Int = 1) async throws -> Shown {
        try await state.wait(for: "\(count) notifications") { state in
            state.shown.count >= count ? state.shown[count - 1] : nil
        }
    }

    /// Waits until a notification has been taken away.
    func closed(_ id: UInt32) async throws {
        try await state.wait(for: "the closing of \(id)") { $0.closed.contains(id) ? () : nil }
    }

    /// Says that a button was pressed, as this server or as whoever else.
    func press(_ label: String, on shown: Shown, as other: BusConnection? = nil) async throws {
        try await (other ?? bus).emit(
            Self.path,
            Self.name,
            "ActionInvoked",
            [.uint32(shown.id), .string(shown.key(label))]
        )
    }

    /// Says that a notification is gone.
    func close(_ shown: Shown, reason: UInt32) async throws {
        try await bus.emit(
            Self.path,
            Self.name,
            "NotificationClosed",
            [.uint32(shown.id), .uint32(reason)]
        )
    }
}
