// SPDX-License-Identifier: Apache-2.0

import Approval
import BusInterface

/// What `keybell watch` shows and does: a value that takes events and says what follows.
///
/// One request is asked about at a time, the oldest first; keys count for that one alone, and only those that were
/// pressed alone, after it was shown. No single key allows anything.
struct WatchState {
    /// A key so soon after a request appeared was meant for something else.
    static let hasty = ApprovalLimits().hasty

    /// How long an allow waits for the key that says yes to it.
    static let timeout = Duration.seconds(10)

    /// What the next key belongs to.
    private enum Mode: Equatable {
        case command
        /// An allow that wants the same key, or Enter, once more; with the name that it gives, if it gives one.
        case confirming(AnswerChoices, key: UInt8, name: TypedName? = nil)
        case picking(EntryPicking)
        case typingName(TypedName)
        /// What was being typed belonged to a request that is gone: nothing counts until Enter or Esc.
        case swallowing
    }

    private var waiting: [RequestDetails] = []
    private var answered: Set<String> = []
    private var focus: String?
    /// Since when keys mean what they mean now.
    private var modeSince: ContinuousClock.Instant?
    private var focusedSince: ContinuousClock.Instant?
    private var mode = Mode.command
    /// Which part of the request was shown last, and whether its title and its warnings have been on the screen.
    private var part = 0
    private var isRead = true
    /// What was last said about answers that weren't taken, and about those that aren't kept.
    private var refusals: [String] = []
    private var losses: [String] = []
    private static let toldCount = 16

    /// When an allow that waits for one more key lapses.
    var due: ContinuousClock.Instant? {
        isConfirming ? modeSince.map { $0 + Self.timeout } : nil
    }

    /// Whether the next key may allow something.
    private var isConfirming: Bool {
        switch mode {
        case .confirming: true
        case .picking(let picking): picking.isComplete
        case .command, .typingName, .swallowing: false
        }
    }

    /// Takes an event in.
    mutating func take(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
        let former = mode
        defer { if mode != former { modeSince = now } }
        switch event {
        case .added(let request):
            if let index = waiting.firstIndex(where: { $0.code == request.code }) {
                waiting[index] = request
                // It waits again, for what was answered here was not confirmed.
                guard let trouble = request.confirmationTrouble,
                    answered.remove(request.code) != nil
                else { return [] }
                let told = "\(request.code): it was not confirmed, and still waits. \(trouble)"
                return [.print(told)] + askAgain(request.code, at: now)
            }
            waiting.append(request)
            guard let focus, !answered.contains(focus) else { return focusOldest(at: now) }
            // In one line, however many come: what is asked about must stay in sight.
            if case .typingName = mode { return echoed }
            let others = waiting.count { $0.code != focus && !answered.contains($0.code) }
            return [.echo("(\(others) more)")]
        case .removed(let code, let outcome):
            return remove(code, outcome, at: now)
        case .refused(let code, let reason):
            let told = tell("\(code): \(reason)", in: \.refusals, unlessIn: \.losses)
            return answered.remove(code) == nil ? told + echoed : told + askAgain(code, at: now)
        case .unregistered(let reason):
            return [.print("Keybell doesn't know that this terminal shows what is asked. \(reason)")] + echoed
        case .unusable(let reason):
            return [.print(reason)] + echoed
        case .notKept(let code, let reason):
            return tell("\(code): \(reason)", in: \.losses, unlessIn: \.refusals) + echoed
        case .daemon(let isThere):
            guard !isThere else { return [.print("Keybell is there again.")] }
            waiting = []
            answered = []
            unfocus()
            return [.print("Keybell is gone; waiting for it to come back.")]
        case .drawn(let code, let isRead):
            if code == focus { self.isRead = isRead }
            return []
        case .resized: return resized()
        case .time:
            return isLapsed(at: now) ? lapse() : []
        case .key(let key):
            return take(key, at: now)
        }
    }

    /// Says what became of an answer.
    ///
    /// That an answer isn't kept is reported twice, in any order: to whoever answered, and to all.
    private mutating func tell(
        _ line: String,
        in told: WritableKeyPath<Self, [String]>,
        unlessIn others: KeyPath<Self, [String]>
    ) -> [Action] {
        guard !self[keyPath: others].contains(line) else { return [] }
        self[keyPath: told] = (self[keyPath: told] + [line]).suffix(Self.toldCount)
        return [.print(line)]
    }

    private func isLapsed(at now: ContinuousClock.Instant) -> Bool {
        due.map { $0 <= now } ?? false
    }

    /// The request that keys count for.
    private var current: RequestDetails? {
        waiting.first { $0.code == focus }
    }

    // MARK: - Focus

    private mutating func focusOldest(at now: ContinuousClock.Instant) -> [Action] {
        guard let request = waiting.first(where: { !answered.contains($0.code) }) else {
            unfocus()
            return []
        }
        return show(request, at: now)
    }

    /// Goes back to a request whose answer didn't count, unless another one is being asked about.
    private mutating func askAgain(_ code: String, at now: ContinuousClock.Instant) -> [Action] {
        let isBusy = focus.map { $0 != code && !answered.contains($0) } ?? false
        return isBusy ? echoed : focusOldest(at: now)
    }

    private mutating func show(_ request: RequestDetails, at now: ContinuousClock.Instant) -> [Action] {
        unfocus()
        focus = request.code
        focusedSince = now
        return [shown(request), .shown(code: request.code)]
            + (mode == .swallowing ? [.print(Self.swallowed)] : [])
    }

    /// The request as it stands on the screen, from its beginning or from where that is said.
    private mutating func shown(_ request: RequestDetails, part: Int = 0) -> Action {
        self.part = part
        let others = waiting.count { $0.code != request.code && !answered.contains($0.code) }
        return .show(request, keys: KeyLegend(request, others: others), part: part)
    }

    /// What has been asked is shown anew, for the window has taken it apart.
    private mutating func resized() -> [Action] {
        guard let request = current, !answered.contains(request.code) else { return echoed }
        guard !isConfirming else {
            return takeBack("The window has changed. Not yet: it goes on waiting.", namesKept: true)
        }
        switch mode {
        case .picking(let picking): return [shown(request), .print(picking.question)]
        case .swallowing: return [shown(request), .print(Self.swallowed)]
        case .command, .confirming, .typingName: return [shown(request)] + echoed
        }
    }

    private static let swallowed =
        "What you were typing belonged to a request that is gone. Enter or Esc goes on."

    /// Leaves the request; what was being typed for it must not reach another.
    private mutating func unfocus() {
        focus = nil
        focusedSince = nil
        isRead = true
        switch mode {
        case .typingName, .swallowing: mode = .swallowing
        default: mode = .command
        }
    }

    private mutating func remove(
        _ code: String,
        _ outcome: String,
        at now: ContinuousClock.Instant
    ) -> [Action] {
        guard waiting.contains(where: { $0.code == code }) else { return [] }
        waiting.removeAll { $0.code == code }
        answered.remove(code)
        let ended = Action.print("\(code): \(outcome).")
        guard focus == code || focus == nil else { return [ended] + echoed }
        return [ended] + focusOldest(at: now)
    }

    /// What has been typed so far, repeated below a line that came in between.
    private var echoed: [Action] {
        if case .typingName(let name) = mode { [.echo(name.line)] } else { [] }
    }

    // MARK: - Keys

    private mutating func take(_ key: KeyReader.Key, at now: ContinuousClock.Instant) -> [Action] {
        switch key {
        // Ctrl-C and Ctrl-D come as bytes while the terminal hands over each key.
        case .byte(3), .byte(4): return [.quit]
        case .byte(let byte): return takeText(byte)
        case .burst(let end):
            return isMeantForNow(end) ? takeFast() : []
        case .paste(let end):
            guard case .typingName(let name) = mode, current != nil else {
                return isMeantForNow(end) ? takeFast() : []
            }
            return [.print("What is pasted doesn't count here: type the name."), .echo(name.line)]
        case .sequence(let end):
            // Any key other than the one that is wanted.
            return isMeantForNow(end) && isConfirming ? notYet() : []
        case .alone(let byte, let pressed):
            return isMeantForNow(pressed) ? press(byte, at: pressed, now) : []
        }
    }

    /// What was pressed before the last change was meant for what was shown then.
    private func isMeantForNow(_ pressed: ContinuousClock.Instant) -> Bool {
        modeSince.map { pressed > $0 } ?? true
    }

    private mutating func takeFast() -> [Action] {
        guard current != nil, mode != .swallowing else { return [] }
        if case .typingName = mode { return [] }
        let refusal = Action.print("Keys that come that fast don't count; press one at a time.")
        return [refusal] + (isConfirming ? takeBack(Self.waitsOn, namesKept: true) : [])
    }

    private static let waitsOn = "Not yet: it goes on waiting."

    /// Nothing was allowed, for the person has pressed another key: what waits is shown again, with its keys.
    private mutating func notYet(_ why: String = waitsOn) -> [Action] {
        takeBack(why, namesKept: false)
    }

    /// Nothing was allowed, for the second key didn't come.
    private mutating func lapse() -> [Action] {
        takeBack("\(Self.timeout.components.seconds) seconds have gone by. \(Self.waitsOn)", namesKept: true)
    }

    /// Nothing was allowed; a name that was typed waits for its Enter again, where the person didn't say no.
    private mutating func takeBack(_ why: String, namesKept: Bool) -> [Action] {
        let former = mode
        mode = .command
        guard let request = current else { return [] }
        guard namesKept, case .confirming(_, _, let name?) = former else {
            return [.print(why), shown(request)]
        }
        mode = .typingName(name)
        return [.print(why), shown(request), .echo(name.line)]
    }

    /// Bytes count at once only where a text is being typed.
    private mutating func takeText(_ byte: UInt8) -> [Action] {
        switch mode {
        case .swallowing:
            if byte == 10 || byte == 13 { mode = .command }
            return []
        case .typingName(var name):
            guard byte == 10 || byte == 13 else {
                name.take(byte)
                mode = .typingName(name)
                return [.echo(name.line)]
            }
            guard let allow = name.allow else {
                mode = .command
                return [.print(name.missing)]
            }
            return confirm(allow.choices, key: 10, allow.how, current, name: name)
        case .command, .confirming, .picking: return []
        }
    }

    private mutating func press(
        _ pressedKey: UInt8,
        at pressed: ContinuousClock.Instant,
        _ now: ContinuousClock.Instant
    ) -> [Action] {
        // With Caps Lock on it means the same.
        let key = KeyLegend.lowercase(pressedKey)
        guard let request = current else {
            if mode == .swallowing, key == 27 { mode = .command }
            return key == UInt8(ascii: "q") && mode == .command ? [.quit] : []
        }
        guard !isLapsed(at: pressed) else { return lapse() }
        switch mode {
        case .swallowing:
            if key == 27 { mode = .command }
            return []
        case .typingName(let name):
            guard key == 27 else { return [] }
            mode = .command
            return [.print(name.missing)]
        case .confirming(let choices, let first, _):
            guard key == first || key == 10 || key == 13 else { return notYet() }
            mode = .command
            return answer(request, allow: true, choices, at: now)
        case .picking(let picking): return pick(key, picking, request, at: now)
        case .command: return command(key, request, at: pressed, now)
        }
    }

    private mutating func command(
        _ key: UInt8,
        _ request: RequestDetails,
        at pressed: ContinuousClock.Instant,
        _ now: ContinuousClock.Instant
    ) -> [Action] {
        // What has been answered takes no other answer until it is known what came of that one.
        guard !answered.contains(request.code) || "nq".utf8.contains(key) else { return [] }
        if let since = focusedSince, since.duration(to: pressed) < Self.hasty, "aiosyedmv".utf8.contains(key)
        {
            return [.print("(That was too quick to have been meant for \(request.code); once more?)")]
        }
        if !isRead, "aiosyev".utf8.contains(key) {
            return [.print("First the rest of it:"), shown(request, part: part + 1)]
        }
        if let allow = AllowKey(key, for: request) {
            return confirm(allow.choices, key: key, allow.how, request)
        }
        if let name = TypedName(key, for: request) {
            mode = .typingName(name)
            return [.print(name.question), .echo(name.line)]
        }
        switch key {
        case UInt8(ascii: "d"): return answer(request, allow: false, AnswerChoices(), at: now)
        case UInt8(ascii: "m"):
            return [.print("\(request.code): all that this program asks is denied for 10 minutes.")]
                + answer(request, allow: false, AnswerChoices(muteSeconds: 600), at: now)
        case UInt8(ascii: "e"):
            guard let picking = EntryPicking(request) else { return [] }
            mode = .picking(picking)
            return [.print(picking.question)]
        case UInt8(ascii: "n"):
            waiting.removeAll { $0.code == request.code }
            waiting.append(request)
            return focusOldest(at: now)
        case UInt8(ascii: "q"): return [.quit]
        case UInt8(ascii: "?"): return [shown(request, part: part + 1)]
        default: return []
        }
    }

    /// No single key allows: the same one, or Enter, is wanted once more.
    ///
    /// What it is about is shown again, for in a small window the question may be out of sight by now.
    private mutating func confirm(
        _ choices: AnswerChoices,
        key: UInt8,
        _ how: String?,
        _ request: RequestDetails?,
        name: TypedName? = nil
    ) -> [Action] {
        mode = .confirming(choices, key: key, name: name)
        return [.ask(ConfirmingText.question(key: key, how: how, of: request, within: Self.timeout))]
    }

    private mutating func answer(
        _ request: RequestDetails,
        allow: Bool,
        _ choices: AnswerChoices,
        at now: ContinuousClock.Instant
    ) -> [Action] {
        guard answered.insert(request.code).inserted else { return [] }
        let decision = allow ? ApprovalInterface.Decision.allow : ApprovalInterface.Decision.deny
        let deed = Action.answer(code: request.code, decision: decision, choices)
        // Others don't wait for pinentry's window; anything else ends in a moment.
        return [deed] + (allow && request.isConfirmed ? focusOldest(at: now) : [])
    }

    private mutating func pick(
        _ key: UInt8,
        _ picking: EntryPicking,
        _ request: RequestDetails,
        at now: ContinuousClock.Instant
    ) -> [Action] {
        var picking = picking
        switch picking.take(key) {
        case .ask(let question):
            mode = .picking(picking)
            guard picking.isComplete else { return [.print(question)] }
            // As before any allow.
            return [.ask(["\(request.code)  \(request.title)\n\(question)", "\(request.code): \(question)"])]
        case .stop(let why):
            return why.map { notYet($0) } ?? notYet()
        case .allow(let entries):
            mode = .command
            return answer(request, allow: true, AnswerChoices(entries: entries), at: now)
        }
    }
}
