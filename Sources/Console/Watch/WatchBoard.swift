// SPDX-License-Identifier: Apache-2.0

import BusInterface
import DisplayText

/// What `keybell watch` shows and does: a value that takes events and says what follows.
///
/// One request is asked about at a time, the oldest first; keys count for that one alone.
struct WatchBoard {
    /// What happens.
    enum Event {
        /// A request waits.
        case added(RequestDetails)
        /// A request has ended.
        case removed(code: String, outcome: String)
        /// A key was pressed.
        case key(UInt8)
        /// An answer wasn't taken.
        case refused(code: String, reason: String)
        /// The daemon is there again, or gone.
        case daemon(isThere: Bool)
    }

    /// What is to be done about it.
    enum Action: Equatable {
        case print(String, isTitle: Bool = false)
        case shown(code: String)
        case answer(code: String, decision: String, AnswerChoices)
        case quit
    }

    /// A key so soon after a request appeared was meant for something else.
    static let hasty = Duration.milliseconds(700)

    /// What the next key belongs to.
    private enum Mode: Equatable {
        case command
        case confirmingAlways
        case picking(EntryPicking)
        case typingName([UInt8])
    }

    private var waiting: [RequestDetails] = []
    private var answered: Set<String> = []
    private var focus: String?
    private var focusedSince: ContinuousClock.Instant?
    private var mode = Mode.command

    /// Takes an event in.
    mutating func take(_ event: Event, at now: ContinuousClock.Instant, unixTime: UInt64) -> [Action] {
        switch event {
        case .added(let request):
            guard !waiting.contains(where: { $0.code == request.code }) else { return [] }
            waiting.append(request)
            guard focus != nil else { return focusOldest(at: now, unixTime) }
            return [.print("(\(request.code) waits, too: \(request.title))")]
        case .removed(let code, let outcome):
            return remove(code, outcome, at: now, unixTime)
        case .refused(let code, let reason):
            answered.remove(code)
            return [.print("\(code): \(reason)")]
        case .daemon(let isThere):
            guard !isThere else { return [.print("Keybell is there again.")] }
            waiting = []
            answered = []
            unfocus()
            return [.print("Keybell is gone; waiting for it to come back.")]
        case .key(let key):
            return take(key, at: now, unixTime)
        }
    }

    /// The request that keys count for.
    private var current: RequestDetails? {
        waiting.first { $0.code == focus }
    }

    // MARK: - Focus

    private mutating func focusOldest(at now: ContinuousClock.Instant, _ unixTime: UInt64) -> [Action] {
        guard let request = waiting.first(where: { !answered.contains($0.code) }) else {
            unfocus()
            return []
        }
        return show(request, at: now, unixTime)
    }

    private mutating func show(
        _ request: RequestDetails,
        at now: ContinuousClock.Instant,
        _ unixTime: UInt64
    ) -> [Action] {
        focus = request.code
        focusedSince = now
        mode = .command
        let others = waiting.count { $0.code != request.code && !answered.contains($0.code) }
        let state = "expires \(Moment.left(until: request.deadline, now: unixTime))"
        let rest = request.entryCount - request.entries.count
        let body = request.body + (rest > 0 ? ["… and \(rest) more"] : [])
        return [
            // A bell, and a line between this and what was before.
            .print("\u{7}"), .print("\(request.code)  \(request.title)  (\(state))", isTitle: true),
            .print(body.map { "  " + $0 }.joined(separator: "\n")),
            .print(Self.help(request, others: others)), .shown(code: request.code),
        ]
    }

    private mutating func unfocus() {
        focus = nil
        focusedSince = nil
        mode = .command
    }

    private mutating func remove(
        _ code: String,
        _ outcome: String,
        at now: ContinuousClock.Instant,
        _ unixTime: UInt64
    ) -> [Action] {
        guard waiting.contains(where: { $0.code == code }) else { return [] }
        waiting.removeAll { $0.code == code }
        answered.remove(code)
        let ended = Action.print("\(code): \(outcome).")
        guard focus == code || focus == nil else { return [ended] }
        return [ended] + focusOldest(at: now, unixTime)
    }

    /// The keys that a request can be answered with.
    static func help(_ request: RequestDetails, others: Int) -> String {
        var keys = ["[a] allow"]
        if request.kind == "associate" { keys.append("[i] allow under another name") }
        if request.canBeRemembered { keys += ["[s] allow for this session", "[y] allow always"] }
        if EntryPicking(request) != nil { keys.append("[e] choose among the logins") }
        keys += ["[d] deny", "[m] deny and mute for 10 minutes"]
        if others > 0 { keys.append("[n] next (\(others) more)") }
        // What belongs together stays on one line.
        return (keys + ["[q] quit"]).map { $0.replacing(" ", with: "\u{A0}") }.joined(separator: "\u{A0} ")
    }

    // MARK: - Keys

    private mutating func take(_ key: UInt8, at now: ContinuousClock.Instant, _ unixTime: UInt64) -> [Action]
    {
        // Ctrl-C and Ctrl-D come as bytes while the terminal hands over each key.
        guard key != 3, key != 4 else { return [.quit] }
        if case .typingName(let name) = mode { return type(key, into: name) }
        guard let request = current else { return key == UInt8(ascii: "q") ? [.quit] : [] }
        if mode == .confirmingAlways {
            mode = .command
            guard key == UInt8(ascii: "y") else { return [.print("Not allowed always.")] }
            return answer(request, allow: true, AnswerChoices(scope: "always"), at: now, unixTime)
        }
        if case .picking(let picking) = mode { return pick(key, picking, request, at: now, unixTime) }
        if let since = focusedSince, since.duration(to: now) < Self.hasty, "aisyedm".utf8.contains(key) {
            return [.print("(that was too quick to have been meant for \(request.code); once more?)")]
        }
        switch key {
        case UInt8(ascii: "a"): return answer(request, allow: true, AnswerChoices(), at: now, unixTime)
        case UInt8(ascii: "d"): return answer(request, allow: false, AnswerChoices(), at: now, unixTime)
        case UInt8(ascii: "m"):
            return answer(request, allow: false, AnswerChoices(muteSeconds: 600), at: now, unixTime)
        case UInt8(ascii: "s") where request.canBeRemembered:
            return answer(request, allow: true, AnswerChoices(scope: "session"), at: now, unixTime)
        case UInt8(ascii: "y") where request.canBeRemembered:
            mode = .confirmingAlways
            return [.print("Allow this always, without asking you again? y once more, or any other key.")]
        case UInt8(ascii: "e"):
            guard let picking = EntryPicking(request) else { return [] }
            mode = .picking(picking)
            return [.print(picking.question)]
        case UInt8(ascii: "i") where request.kind == "associate":
            mode = .typingName([])
            return [.print("Type the name and press Enter (Esc: go back):")]
        case UInt8(ascii: "n"):
            waiting.removeAll { $0.code == request.code }
            waiting.append(request)
            return focusOldest(at: now, unixTime)
        case UInt8(ascii: "q"): return [.quit]
        default: return []
        }
    }

    private mutating func answer(
        _ request: RequestDetails,
        allow: Bool,
        _ choices: AnswerChoices,
        at now: ContinuousClock.Instant,
        _ unixTime: UInt64
    ) -> [Action] {
        guard answered.insert(request.code).inserted else { return [] }
        let decision = allow ? ApprovalInterface.Decision.allow : ApprovalInterface.Decision.deny
        return [.answer(code: request.code, decision: decision, choices)]
    }

    private mutating func pick(
        _ key: UInt8,
        _ picking: EntryPicking,
        _ request: RequestDetails,
        at now: ContinuousClock.Instant,
        _ unixTime: UInt64
    ) -> [Action] {
        var picking = picking
        switch picking.take(key) {
        case .ask(let question):
            mode = .picking(picking)
            return [.print(question)]
        case .stop(let why):
            mode = .command
            return [.print(why)]
        case .allow(let entries):
            mode = .command
            return answer(request, allow: true, AnswerChoices(entries: entries), at: now, unixTime)
        }
    }

    private mutating func type(_ key: UInt8, into name: [UInt8]) -> [Action] {
        switch key {
        case 27:
            mode = .command
            return [.print("No other name.")]
        case 8, 127:
            // A letter may be several bytes; what remains is always whole ones.
            var text = String(decoding: name, as: UTF8.self)
            if !text.isEmpty { text.removeLast() }
            mode = .typingName(Array(text.utf8))
            return []
        case 10, 13:
            mode = .command
            let text = PlainText.cleaned(String(decoding: name, as: UTF8.self)).trimmed
            guard let request = current, !text.isEmpty else { return [.print("No other name.")] }
            guard answered.insert(request.code).inserted else { return [] }
            return [
                .print("Name: \(text)"),
                .answer(
                    code: request.code,
                    decision: ApprovalInterface.Decision.allow,
                    AnswerChoices(id: text)
                ),
            ]
        default:
            mode = .typingName(name + [key])
            return []
        }
    }
}

extension String {
    /// The text without blanks at its ends.
    var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
