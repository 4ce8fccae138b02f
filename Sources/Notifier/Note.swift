// SPDX-License-Identifier: Apache-2.0

import Approval

/// One call of `Notify`.
struct Note: Sendable, Equatable {
    /// A button: the key that comes back and the word on it.
    struct Button: Sendable, Equatable {
        let key: String
        let label: String
    }

    var title: String
    var body: String
    var buttons: [Button] = []
    /// The notification that it takes the place of; 0 for none.
    var replaces: UInt32 = 0
    /// Whether it is only news: it may go by itself and needn't be kept.
    var isTransient = false
}

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

    var takesActions: Bool { capabilities.contains("actions") }

    var takesReplies: Bool { capabilities.contains("inline-reply") }

    /// Whether a person can be relied upon to see the buttons.
    var drawsButtons: Bool { takesActions && Self.drawing.contains(product) }

    /// Whether it leaves on the screen what it was told to close, its buttons dead: GNOME's old notification-daemon.
    var keepsClosed: Bool { product == "Notification Daemon" && vendor == "GNOME" }

    /// Plain text as this server is to get it.
    func escaped(_ text: String) -> String {
        guard capabilities.contains("body-markup") else { return text }
        return text.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.append(character)
            }
        }
    }
}

extension Note {
    /// A question, with the buttons that may be offered for it.
    ///
    /// - Parameters:
    ///   - request: What is asked.
    ///   - server: Who shows it.
    ///   - attempt: How often it has been shown before: no two texts are alike, since servers drop those.
    ///   - keys: The buttons' keys, by what they do.
    init(
        asking request: PendingRequest,
        on server: NotificationServer,
        attempt: Int,
        keys: [Press: String]
    ) {
        let again = attempt == 0 ? "" : ", shown again" + (attempt == 1 ? "" : " (\(attempt))")
        title = "\(request.title) (\(request.code)\(again))"
        // First, so that nothing a client claims can push it out of sight.
        let way = server.drawsButtons ? "Code \(request.code)" : Wording.howToAnswer(request.code)
        body = server.escaped(way + "\n" + request.body)
        buttons = Press.offered(for: request, on: server).compactMap { press in
            keys[press].map { Button(key: $0, label: press.label) }
        }
    }

    /// Several requests counted in one notification; it has no buttons.
    init(counting codes: [String], on server: NotificationServer, replaces: UInt32) {
        title = codes.count == 1 ? "1 more request waits" : "\(codes.count) more requests wait"
        body = server.escaped(
            "Codes: \(codes.joined(separator: ", "))\nTo see and answer them: keybell watch"
        )
        self.replaces = replaces
    }

    /// News that need no answer.
    init(telling title: String, _ body: String, on server: NotificationServer) {
        self.title = title
        self.body = server.escaped(body)
        isTransient = true
    }
}

/// What a person can do in a notification.
enum Press: Sendable, Hashable, CaseIterable {
    case allow
    case always
    /// Allow under a name typed into the notification.
    case name
    case deny

    /// The key that servers want for a text field; all others are random.
    static let replyKey = "inline-reply"

    var label: String {
        switch self {
        case .allow: "Allow"
        case .always: "Always"
        case .name: "Allow as…"
        case .deny: "Deny"
        }
    }

    /// Allow is never alone: some servers run a lone action on a click.
    static func offered(for request: PendingRequest, on server: NotificationServer) -> [Press] {
        guard server.takesActions else { return [] }
        return allCases.filter { press in
            switch press {
            case .allow, .deny: true
            case .always: request.kind == .release && request.alwaysOffered
            case .name: request.kind == .associate && server.takesReplies
            }
        }
    }
}
