// SPDX-License-Identifier: Apache-2.0

import DBus
import Glibc

/// systemd-logind (or elogind) on the system bus, as org.freedesktop.login1(5) describes it.
///
/// A service of the user manager is in no session of its own, and `XDG_SESSION_ID` is often missing: so every session
/// of this user counts.
struct LoginManager: Sendable {
    static let name = "org.freedesktop.login1"
    static let path: ObjectPath = "/org/freedesktop/login1"
    static let manager = "org.freedesktop.login1.Manager"
    static let session = "org.freedesktop.login1.Session"
    private static let properties = "org.freedesktop.DBus.Properties"

    let bus: BusConnection
    let uid: UInt32

    /// What logind says of a session.
    struct Facts: Equatable, Sendable {
        var isLocked: Bool
        /// Since when it is idle, in microseconds of the monotonic clock; nil while somebody uses it.
        ///
        /// Not by the calendar, which may be set: that would turn an instant into minutes.
        var idleSince: UInt64?
        /// Whether it reports when somebody uses it.
        var isGraphical: Bool

        init?(_ members: [String: Value], uid: UInt32) {
            guard members["User"]?.asStructure?.first?.asUInt32 == uid else { return nil }
            // A display manager's greeter runs as another user, but a lock screen may run as ours.
            if let kind = members["Class"]?.asString, !["user", "user-early"].contains(kind) { return nil }
            isLocked = members["LockedHint"]?.asBool ?? false
            let isIdle = members["IdleHint"]?.asBool ?? false
            // If it isn't given, the time begins when we hear of it.
            idleSince = isIdle ? members["IdleSinceHintMonotonic"]?.asUInt64 ?? .max : nil
            // For a terminal's session logind reports no changes.
            isGraphical = ["x11", "wayland", "mir"].contains(members["Type"]?.asString ?? "")
        }
    }

    /// The facts of a session; nil if it is not this user's, or gone.
    func facts(of session: ObjectPath) async -> Facts? {
        // Without logind there aren't any.
        let answer = try? await bus.call(
            Self.name,
            session,
            Self.properties,
            "GetAll",
            [.string(Self.session)],
            timeout: .seconds(5),
            noAutoStart: true
        )
        return answer?.first?.vardict.flatMap { Facts($0, uid: uid) }
    }

    /// This user's sessions.
    func sessions() async -> [ObjectPath] {
        // Without logind there aren't any.
        let answer = try? await bus.call(
            Self.name,
            Self.path,
            Self.manager,
            "ListSessions",
            timeout: .seconds(5),
            noAutoStart: true
        )
        return (answer?.first?.asArray ?? []).compactMap { session in
            // (susso): id, uid, user name, seat, path.
            guard let members = session.asStructure, members.count == 5, members[1].asUInt32 == uid else {
                return nil
            }
            return members[4].asObjectPath
        }
    }

    /// Delays sleep until what is returned is let go of, for as long as logind allows (5 s by default).
    ///
    /// - Throws: Why it can't be delayed.
    func delaySleep() async throws(DBusError) -> PassedDescriptor {
        let answer = try await bus.call(
            Self.name,
            Self.path,
            Self.manager,
            "Inhibit",
            [.string("sleep"), .string("Keybell"), .string("Locks the vaults"), .string("delay")],
            timeout: .seconds(5),
            noAutoStart: true
        )
        guard let delay = answer.first?.asDescriptor else {
            throw DBusError(
                name: "org.freedesktop.DBus.Error.Failed",
                message: "there is no descriptor in the answer"
            )
        }
        return delay
    }
}
