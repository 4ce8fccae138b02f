// SPDX-License-Identifier: Apache-2.0

import Approval
import BusInterface
import Callers
import ConcurrencyTools
import DBus

/// `org.freedesktop.Notifications` as this program uses it.
struct NotificationsProxy: Sendable {
    static let name = "org.freedesktop.Notifications"
    static let path: ObjectPath = "/org/freedesktop/Notifications"
    /// GNOME's desktop, which reports every closing to everybody; the service in front of it only to the sender.
    static let shellName = "org.gnome.Shell"

    /// The installed desktop file: under its name desktops list the program among those whose notifications a person can
    /// set, with its icon.
    static let desktopEntry = KeybellBus.name

    /// Looks at a process, by its number and user.
    typealias Look = @Sendable (_ pid: Int32, _ uid: UInt32) async -> Answerer

    let bus: BusConnection
    let look: Look
    /// How long a server may take to show something.
    var timeout = Duration.seconds(10)
    /// How long a nudge that is late is waited for, to close it.
    private static let lateness = Duration.seconds(600)
    /// The icon's name in the theme.
    let icon = NotificationIcon.name()

    /// The server of this moment, started by the bus if it can be; what it can do is asked anew each time, since
    /// some change that with do-not-disturb.
    ///
    /// - Throws: `serviceUnknown` and the like if there is none, `accessDenied` if it is in a sandbox.
    func server(startingIt: Bool = true) async throws(DBusError) -> NotificationServer {
        if try await bus.owner(of: Self.name) == nil {
            _ = try await bus.call(
                Self.name,
                Self.path,
                Self.name,
                "GetCapabilities",
                noAutoStart: !startingIt
            )
        }
        guard let peer = try await bus.owner(of: Self.name) else {
            throw DBusError(name: DBusError.Name.serviceUnknown, message: "Nobody shows notifications.")
        }
        // It could press the buttons of the questions that its own sandbox asks.
        let credentials = try await bus.credentials(of: peer)
        guard await look(credentials.pid, credentials.uid).sandbox == nil else {
            throw DBusError(
                name: DBusError.Name.accessDenied,
                message: "A sandboxed program offers to show notifications, and isn't used for questions."
            )
        }
        // To the unique name, so that everything learnt, shown and heard is about one server.
        let capabilities = try await bus.call(peer, Self.path, Self.name, "GetCapabilities")
        let facts = try await bus.call(peer, Self.path, Self.name, "GetServerInformation")
        return NotificationServer(
            peer: peer,
            product: facts.first?.asString ?? "",
            vendor: facts.dropFirst().first?.asString ?? "",
            capabilities: Set(capabilities.first?.asStrings ?? [])
        )
    }

    /// Shows a notification; returns its id.
    func notify(_ note: NotifyCall, on server: NotificationServer) async throws(DBusError) -> UInt32 {
        try await notify(note, to: server.peer)
    }

    /// Shows a notification at the server of this unique name; returns its id.
    ///
    /// A nudge is waited for far longer than others are: whatever shows it late has to close it.
    func notify(_ note: NotifyCall, to peer: String) async throws(DBusError) -> UInt32 {
        let normal: UInt8 = 1
        let critical: UInt8 = 2
        let isQuestion = note.purpose == .question
        var hints: [String: Value] = [
            // GNOME Shell may leave others unseen, and then looks at nothing.
            "urgency": .byte(note.purpose == .news ? normal : critical),
            "desktop-entry": .string(Self.desktopEntry),
        ]
        if !isQuestion { hints["transient"] = .boolean(true) }
        if note.purpose == .nudge { hints["suppress-sound"] = .boolean(true) }
        let serverDecides: Int32 = -1
        let never: Int32 = 0
        let arguments: [Value] = [
            .string("Keybell"), .uint32(note.replaces), .string(icon), .string(note.title),
            .string(note.body), .strings(note.buttons.flatMap { [$0.key, $0.label] }), .vardict(hints),
            .int32(isQuestion ? never : serverDecides),
        ]
        // One that comes late has to be known to be Keybell's own, and closed.
        let timeout = note.purpose == .nudge ? Self.lateness : timeout
        return try Self.id(
            in: try await bus.call(peer, Self.path, Self.name, "Notify", arguments, timeout: timeout)
        )
    }

    private static func id(in answer: [Value]) throws(DBusError) -> UInt32 {
        guard let id = answer.first?.asUInt32 else {
            throw .failed("The notification server gave no id.")
        }
        return id
    }

    /// Has a notification expire at once, for servers that keep what they are told to close.
    func fade(id: UInt32, peer: String) async {
        let atOnce: Int32 = 1
        // Whether that worked or not, it is closed next.
        _ = try? await bus.call(
            peer,
            Self.path,
            Self.name,
            "Notify",
            [
                .string("Keybell"), .uint32(id), .string(icon), .string("Answered"), .string(""),
                .strings([]), .vardict(["urgency": .byte(0), "transient": .boolean(true)]), .int32(atOnce),
            ],
            timeout: .seconds(2),
            noAutoStart: true
        )
    }

    /// Takes a notification away; one that has gone already, with its server or without, needs nothing.
    func close(id: UInt32, peer: String) async {
        // Gone already, or the server with it.
        _ = try? await bus.call(
            peer,
            Self.path,
            Self.name,
            "CloseNotification",
            [.uint32(id)],
            timeout: .seconds(2),
            noAutoStart: true
        )
    }

    /// What the owner of the service says of notifications, and nobody else.
    func signals() async throws(DBusError) -> AsyncStream<Message> {
        try await bus.signals(sender: Self.name, path: Self.path, interface: Self.name)
    }

    /// What GNOME's desktop says about all notifications: used only to learn when others' move.
    func shellSignals() async throws(DBusError) -> AsyncStream<Message> {
        try await bus.signals(sender: Self.shellName, path: Self.path, interface: Self.name)
    }
}

extension NotificationState.Signal {
    /// Reads a signal of the service; nil if it is of no use here.
    init?(_ message: Message) {
        guard let peer = message.sender, let id = message.body.first?.asUInt32 else { return nil }
        let second = message.body.dropFirst().first
        switch (message.member, second) {
        case ("ActionInvoked", .string(let key)?):
            self.init(kind: .invoked(key: key), id: id, peer: peer)
        case ("NotificationReplied", .string(let text)?):
            self.init(kind: .replied(text: text), id: id, peer: peer)
        case ("NotificationClosed", .uint32(let reason)?):
            self.init(kind: .closed(reason: reason), id: id, peer: peer)
        case ("NotificationClosed", .int32(let reason)?):
            // Budgie up to 10.6.1.
            self.init(kind: .closed(reason: UInt32(clamping: reason)), id: id, peer: peer)
        default: return nil
        }
    }
}
