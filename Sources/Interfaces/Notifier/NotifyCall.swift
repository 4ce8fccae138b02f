// SPDX-License-Identifier: Apache-2.0

import Approval

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
    /// The notification that it takes the place of; 0 for none.
    var replaces: UInt32 = 0
    /// Whether it is only news: it may go by itself and needn't be kept.
    var isTransient = false
}

extension NotifyCall {
    /// A question, with the buttons that may be offered for it.
    ///
    /// - Parameters:
    ///   - request: What is asked.
    ///   - server: Who shows it.
    ///   - attempt: How often it has been shown before: no two texts are alike, since servers drop those.
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
        let again = attempt == 0 ? "" : "shown again" + (attempt == 1 ? "" : " (\(attempt))")
        // The code stands once: where no button can be relied upon, in what is to be typed. Behind warnings that would be
        // out of sight where just a few lines are drawn.
        let way = server.drawsButtons ? nil : "keybell allow \(request.code)"
        let isWayInTitle = way != nil && request.lines.hasWarnings && !server.cutsTitles
        let answering = way == nil ? request.code : isWayInTitle ? way : nil
        let mark = [answering ?? "", again].filter { !$0.isEmpty }.joined(separator: ", ")
        func marked(_ text: String) -> String { mark.isEmpty ? text : "\(text) (\(mark))" }
        let whole = marked(request.title)
        // What would be cut off is the host: there the sentence stands where lines are wrapped, before all that a client
        // claims.
        let fits = server.drawsWhole(title: whole)
        title = fits ? whole : marked("Keybell asks")
        let waits = others == 1 ? "1 more question waits." : "\(others) more questions wait."
        let lines = request.lines.shown(
            first: fits ? nil : request.title,
            way: isWayInTitle ? nil : way.map { "Run \($0) (or deny …)" },
            note: reason,
            last: others > 0 ? waits : nil
        )
        body = server.escaped(lines.joined(separator: "\n"))
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
    init(telling news: Notice, on server: NotificationServer) {
        title = news.title
        body = server.escaped(news.body)
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
