// SPDX-License-Identifier: Apache-2.0

/// The notification server at the moment of a question.
struct NotificationServer: Sendable, Equatable {
    /// Its unique name on the bus: only what comes from there is believed.
    let peer: String
    /// What it calls itself.
    let product: String
    /// Who it says made it.
    var vendor = ""
    /// What it says it can do.
    let capabilities: Set<String>

    /// How it behaves, as far as that is known.
    private var quirks: ServerQuirks { .of(product: product, vendor: vendor) }

    /// How much text it surely draws, as far as that is known.
    var room: TextRoom { quirks.room }

    var takesActions: Bool { capabilities.contains("actions") }

    var takesReplies: Bool { capabilities.contains("inline-reply") }

    /// Whether a person can be relied upon to see the buttons.
    var drawsButtons: Bool { takesActions && quirks.drawsButtons }

    /// Whether it holds back all but one notification, so that there is no telling when the next is drawn.
    var queues: Bool { quirks.queues }

    /// Whether it draws those that have no room on the screen only as others go.
    var holdsBack: Bool { quirks.holdsBack }

    /// Whether it draws nothing in place of a notification that was taken away, whatever waits, until it is sent one.
    var stalls: Bool { quirks.stalls }

    /// Whether it leaves on the screen what it was told to close, its buttons dead.
    var keepsClosed: Bool { quirks.keepsClosed }
}
