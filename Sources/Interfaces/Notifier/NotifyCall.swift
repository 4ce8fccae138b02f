// SPDX-License-Identifier: Apache-2.0

import Approval
import DisplayText

/// One call of `Notify`.
struct NotifyCall: Sendable, Equatable {
    /// A button: the key that comes back and the word on it.
    struct Button: Sendable, Equatable {
        let key: String
        let label: String
    }

    var title: String
    var body: String
    var buttons: [Button] = []
    /// The notification that it replaces; 0 for none.
    var replaces: UInt32 = 0
    var purpose = Purpose.question

    /// What it is for.
    enum Purpose: Sendable {
        /// It stays until it is answered.
        case question
        /// It may expire and needn't be kept.
        case news
        /// It is closed as soon as the server has taken it.
        case nudge
    }

    /// Makes a server look at what it has yet to draw: it lines up behind the question, and is closed, however
    /// late the server takes it, mostly before it could come up.
    static let nudge = NotifyCall(title: "A question waits", body: "", purpose: .nudge)
}

extension NotifyCall {
    /// A question, with the buttons that may be offered for it.
    ///
    /// - Parameters:
    ///   - request: What is asked.
    ///   - server: Who shows it.
    ///   - attempt: How often it has been shown before: no two texts are the same, since servers drop duplicates.
    ///   - reason: Why it is shown again, where that has to be said.
    ///   - others: How many more wait that nothing else on the screen counts.
    ///   - keys: The buttons' keys, by what they do.
    init(
        asking request: PendingRequest,
        on server: NotificationServer,
        attempt: Int,
        reason: String? = nil,
        others: Int = 0,
        keys: [Press: String]
    ) {
        let waits = others == 1 ? "1 more question waits." : "\(others) more questions wait."
        let text = QuestionText(
            request,
            in: server.room,
            QuestionText.Extras(
                way: server.drawsButtons ? nil : "keybell allow \(request.code)",
                again: attempt == 0
                    ? nil
                    : "shown again" + (attempt == 1 ? "" : attempt == 2 ? " twice" : " \(attempt) times"),
                note: reason,
                others: others > 0 ? waits : nil
            )
        )
        title = PlainText.fromLeftToRight(text.title)
        body = server.form(server.room.drawable(text.lines.joined(separator: "\n"), under: text.title))
        // Who hasn't read all warnings doesn't know what they would allow for good.
        let offered = Press.offered(for: request, on: server).filter { text.hasAllWarnings || $0 != .always }
        buttons = offered.compactMap { press in
            keys[press].map { Button(key: $0, label: press.label) }
        }
    }

    /// Several requests counted in one notification; it has no buttons.
    init(counting codes: [String], on server: NotificationServer, replaces: UInt32) {
        title = codes.count == 1 ? "1 more request waits" : "\(codes.count) more requests wait"
        let (word, what) = codes.count == 1 ? ("Code", "it") : ("Codes", "them")
        body = server.form(
            "\(word): \(codes.joined(separator: ", "))\nTo see and answer \(what): keybell watch"
        )
        self.replaces = replaces
    }

    /// News that needs no answer.
    init(telling news: Notice, on server: NotificationServer) {
        let brief =
            server.room.draws(title: news.title)
            ? nil : news.briefs.first { server.room.draws(title: $0.title) } ?? news.briefs.last
        title = PlainText.fromLeftToRight(brief?.title ?? news.title)
        let lines = [brief?.lead ?? "", news.body].filter { !$0.isEmpty }
        body = server.form(lines.joined(separator: "\n"))
        purpose = .news
    }
}

/// What a person can do in a notification, in the order of the buttons.
///
/// GNOME gives the keyboard to the first button as soon as the pointer is over the notification, so that what is being
/// typed into a window may press it, and menus begin with it.
enum Press: Sendable, Hashable, CaseIterable {
    case deny
    case allow
    case always
    /// Allow under a name typed into the notification.
    case name

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
