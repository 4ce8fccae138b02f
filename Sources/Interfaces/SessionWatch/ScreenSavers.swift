// SPDX-License-Identifier: Apache-2.0

import DBus
import Synchronization

/// The screen saver services of the session bus, which say when they lock the screen.
///
/// What then counts as locked is `ScreenState`'s to say, and logind's word comes by `LoginManager+following`.
/// They share an interface (of the freedesktop.org idle inhibition draft, after GNOME's and KDE's), each under a name of its
/// own: `GetActive` and the signal `ActiveChanged`.
struct ScreenSavers: Sendable {
    /// The names, and where each has its object.
    static let services: [(name: String, paths: [ObjectPath])] = [
        ("org.freedesktop.ScreenSaver", ["/org/freedesktop/ScreenSaver", "/ScreenSaver"]),
        ("org.gnome.ScreenSaver", ["/org/gnome/ScreenSaver"]),
        ("org.cinnamon.ScreenSaver", ["/org/cinnamon/ScreenSaver"]),
        ("org.mate.ScreenSaver", ["/org/mate/ScreenSaver", "/"]),
        ("org.xfce.ScreenSaver", ["/org/xfce/ScreenSaver", "/"]),
    ]

    let bus: BusConnection

    /// Follows one service until the bus goes or the task is cancelled.
    ///
    /// - Parameters:
    ///   - service: Its name.
    ///   - paths: Where its object may be.
    ///   - heard: Gets what it says, and false when it leaves the bus: a locker that ends has unlocked.
    /// - Throws: If the bus doesn't take the subscriptions.
    func follow(
        _ service: String,
        paths: [ObjectPath],
        heard: @escaping @Sendable (Bool) async -> Void
    ) async throws(DBusError) {
        let signals = try await bus.signals(sender: service, interface: service, member: "ActiveChanged")
        let owners = try await bus.owners(of: service)
        let told = Count()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await signal in signals {
                    guard let isActive = signal.body.first?.asBool else { continue }
                    told.number.add(1, ordering: .relaxed)
                    await heard(isActive)
                }
            }
            group.addTask {
                for await owner in owners {
                    let before = told.number.load(ordering: .relaxed)
                    let isActive = await isActive(service, owner: owner, paths: paths)
                    // A signal that came meanwhile is as new as the answer, or newer.
                    if before == told.number.load(ordering: .relaxed) { await heard(isActive) }
                }
            }
        }
    }

    private final class Count: Sendable {
        let number = Atomic(0)
    }

    private func isActive(_ service: String, owner: String?, paths: [ObjectPath]) async -> Bool {
        guard let owner else { return false }
        for path in paths {
            // A service without such an object, or one that only inhibits, locks nothing.
            let answer = try? await bus.call(owner, path, service, "GetActive", timeout: .seconds(5))
            if let isActive = answer?.first?.asBool { return isActive }
        }
        return false
    }
}
