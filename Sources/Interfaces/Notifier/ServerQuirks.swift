// SPDX-License-Identifier: Apache-2.0

import DisplayText

/// How a notification server behaves, beyond what it says of itself; one that isn't named here, as dunst, has none of it.
struct ServerQuirks: Sendable, Equatable {
    /// Whether it draws the buttons that it is given; some advertise actions and draw none.
    var drawsButtons = false
    /// Whether it shows one notification at a time, the next at the same spot as soon as it goes.
    var queues = false
    /// Whether it draws those that have no room on the screen only as others go.
    var holdsBack = false
    /// Whether it draws nothing in place of a notification that was taken away, until it is sent one.
    var stalls = false
    /// Whether it leaves on the screen what it was told to close.
    var keepsClosed = false
    /// How much text it is certain to draw.
    var room = TextRoom()

    /// The quirks of a server, by its name and vendor as it gives them.
    static func of(product: String, vendor: String) -> ServerQuirks {
        guard let known = known[product] else { return ServerQuirks() }
        return known.byVendor[vendor] ?? known.quirks
    }

    /// GNOME Shell's and Cinnamon's: one line of title, six of text, and the rest is clipped without a sign.
    ///
    /// So many columns there are in DejaVu Sans, which is about the widest font of a desktop.
    private static let shell = ServerQuirks(
        drawsButtons: true,
        queues: true,
        stalls: true,
        room: TextRoom(
            title: .init(lines: 1, columns: 40),
            body: .init(lines: 6, columns: 54, font: .uneven),
            height: .own
        )
    )

    /// By product; several makers may use one name.
    private static let known: [String: (quirks: ServerQuirks, byVendor: [String: ServerQuirks])] = [
        "gnome-shell": (shell, [:]),
        "cinnamon": (shell, [:]),
        // More of the text is there to be scrolled to.
        "Plasma": (
            ServerQuirks(
                drawsButtons: true,
                holdsBack: true,
                room: TextRoom(title: .init(lines: 3, columns: 26), body: .init(lines: 8, columns: 34))
            ), [:]
        ),
        "SwayNotificationCenter": (ServerQuirks(drawsButtons: true), [:]),
        "Xfce Notify Daemon": (
            ServerQuirks(
                drawsButtons: true,
                room: TextRoom(
                    title: .init(lines: 1, columns: 32),
                    body: .init(lines: 12, columns: 36),
                    paragraph: 5
                )
            ), [:]
        ),
        "lxqt-notificationd": (
            ServerQuirks(
                drawsButtons: true,
                room: TextRoom(
                    title: .init(lines: 4, columns: 28),
                    body: .init(lines: 16, columns: 28),
                    breaksWords: false,
                    // The lowest ones are hidden behind a third button.
                    padding: 3
                )
            ), [:]
        ),
        "Budgie Notification Server": (ServerQuirks(drawsButtons: true), [:]),
        // MATE's, whose window is as wide as the title, and the one that GNOME once had and Flashback has.
        "Notification Daemon": (
            ServerQuirks(
                drawsButtons: true,
                room: TextRoom(title: .init(lines: 1, columns: 60), body: .init(lines: 14, columns: 50))
            ),
            ["GNOME": ServerQuirks(drawsButtons: true, queues: true, keepsClosed: true)]
        ),
        "notify-osd": (ServerQuirks(queues: true), [:]),
        // As high as it is by default.
        "mako": (
            ServerQuirks(
                room: TextRoom(body: .init(lines: 5, columns: 35), isShared: true, height: .fixed)
            ), [:]
        ),
    ]
}
