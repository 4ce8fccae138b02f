// SPDX-License-Identifier: Apache-2.0

/// How a notification server behaves, beyond what it says of itself.
struct ServerProfile: Sendable, Equatable {
    /// Whether it draws the buttons that it is given; some advertise actions and draw none.
    var drawsButtons = false
    /// Whether it shows one notification at a time, the next at the same spot as soon as it goes.
    var queues = false
    /// Whether it draws nothing in place of a notification that was taken away, until it is told of one.
    var stalls = false
    /// Whether it leaves on the screen what it was told to close.
    var keepsClosed = false
    /// How many columns of a title surely stay, where it cuts that to one line.
    var titleColumns: Int?

    /// The profile of a server by what it calls itself, and who it says has made it.
    static func of(product: String, vendor: String) -> ServerProfile {
        guard let known = known[product] else { return ServerProfile() }
        return known.byVendor[vendor] ?? known.profile
    }

    /// By product; several makers may use one name.
    private static let known: [String: (profile: ServerProfile, byVendor: [String: ServerProfile])] = [
        "gnome-shell": (
            ServerProfile(drawsButtons: true, queues: true, stalls: true, titleColumns: 40), [:]
        ),
        "cinnamon": (ServerProfile(drawsButtons: true, queues: true, stalls: true, titleColumns: 40), [:]),
        "Plasma": (ServerProfile(drawsButtons: true), [:]),
        "SwayNotificationCenter": (ServerProfile(drawsButtons: true), [:]),
        "Xfce Notify Daemon": (ServerProfile(drawsButtons: true, titleColumns: 32), [:]),
        "lxqt-notificationd": (ServerProfile(drawsButtons: true), [:]),
        "Budgie Notification Server": (ServerProfile(drawsButtons: true), [:]),
        // MATE's, and the one that GNOME once had and Flashback has.
        "Notification Daemon": (
            ServerProfile(drawsButtons: true),
            ["GNOME": ServerProfile(drawsButtons: true, queues: true, keepsClosed: true)]
        ),
        "notify-osd": (ServerProfile(queues: true), [:]),
    ]
}
