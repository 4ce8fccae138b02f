// SPDX-License-Identifier: Apache-2.0

import DisplayText

/// The notification server at the moment of a prompt.
struct NotificationServer: Sendable, Equatable {
    /// Its unique name on the bus: only what comes from there is believed.
    let peer: String
    /// What it calls itself.
    let product: String
    /// Who it says has made it.
    var vendor = ""
    /// What it says it can do.
    let capabilities: Set<String>

    /// Servers that draw the buttons they are given.
    ///
    /// Of the others some advertise actions and draw none.
    private static let drawing: Set<String> = [
        "gnome-shell", "Plasma", "SwayNotificationCenter", "Xfce Notify Daemon", "lxqt-notificationd",
        // MATE's and the one that GNOME once had.
        "Notification Daemon", "cinnamon", "Budgie Notification Server",
    ]

    /// Servers that show one notification at a time, the next at the same spot as soon as it goes; beside GNOME's old
    /// notification-daemon.
    private static let queueing: Set<String> = ["gnome-shell", "cinnamon", "notify-osd"]

    /// Servers that cut a title to one line, and how many columns of it surely stay.
    private static let titleColumns = ["gnome-shell": 40, "cinnamon": 40, "Xfce Notify Daemon": 32]

    /// Whether it is known to cut titles.
    var cutsTitles: Bool { Self.titleColumns[product] != nil }

    /// Whether all of a title is drawn, where that is known.
    func drawsWhole(title: String) -> Bool {
        Self.titleColumns[product].map { title.columnWidth <= $0 } ?? true
    }

    var takesActions: Bool { capabilities.contains("actions") }

    var takesReplies: Bool { capabilities.contains("inline-reply") }

    /// Whether a person can be relied upon to see the buttons.
    var drawsButtons: Bool { takesActions && Self.drawing.contains(product) }

    /// Whether it keeps all but one notification back, so that nobody can tell when the next is drawn.
    var queues: Bool { Self.queueing.contains(product) || isFlashback }

    /// Whether it draws nothing in place of a notification that was taken away, whatever waits, until it is told of one.
    var stalls: Bool { ["gnome-shell", "cinnamon"].contains(product) }

    /// Whether it leaves on the screen what it was told to close, its buttons dead.
    var keepsClosed: Bool { isFlashback }

    /// GNOME Flashback's; MATE's has the same name.
    private var isFlashback: Bool { product == "Notification Daemon" && vendor == "GNOME" }

    /// Plain text as this server is to get it.
    ///
    /// Quotes mean nothing outside a tag, and GNOME shows `&#39;` as it is.
    func escaped(_ text: String) -> String {
        guard capabilities.contains("body-markup") else { return text }
        return text.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            default: result.append(character)
            }
        }
    }
}
