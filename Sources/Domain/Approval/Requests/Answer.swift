// SPDX-License-Identifier: Apache-2.0

package import Callers

/// How a request ended, as the bus tells it.
package enum Outcome: String, Sendable, Hashable, CaseIterable {
    /// The person allowed it.
    case allowed
    /// The person denied it.
    case denied
    /// Nobody answered in time.
    case expired
    /// The asking program is gone, or the question has become void.
    case withdrawn

    /// Whether it is the person's word.
    var isAnswer: Bool { self == .allowed || self == .denied }
}

/// What an asker gets; the scope only where its question is the one that was shown, so that it is remembered once.
package enum Answer: Sendable, Hashable {
    /// Allowed, with what the person chose; the code is what `delivered` wants to hear.
    case allowed(Choices, code: String)
    /// Denied; `scope` says whether that is to be remembered.
    case denied(Choices)
    /// Nobody answered in time.
    case expired
    /// Nobody answered in time, and nobody could have: neither a notifier nor an agent showed it.
    case unseen
    /// The question was taken back, or the daemon stops.
    case withdrawn
    /// What was to be unlocked has been opened by other means; nobody has said that it may be opened again.
    case opened
    /// Too many questions wait.
    case tooMany
    /// Denied without being shown, because the person has denied it just now or muted the program.
    case quiet
}

extension Answer {
    /// What the person chose, where somebody answered.
    var choices: Choices? {
        switch self {
        case .allowed(let choices, _), .denied(let choices): choices
        case .expired, .unseen, .withdrawn, .opened, .tooMany, .quiet: nil
        }
    }
}

extension Answer {
    /// What askers get whose question wasn't the one that was shown.
    var forOthers: Answer {
        switch self {
        case .allowed(let choices, let code): .allowed(choices.forOthers, code: code)
        case .denied(let choices): .denied(choices.forOthers)
        case .expired, .unseen, .withdrawn, .opened, .tooMany, .quiet: self
        }
    }
}

/// By what means an answer comes.
package enum Surface: Sendable, Hashable {
    /// The built-in notifier, whose buttons only the notification server can press.
    case notifier
    /// The built-in notifier, about a notification that was dismissed: a denial that starts no quiet time.
    case dismissal
    /// Keybell's own command line on a terminal.
    case terminal(Answerer)
    /// Any other program on the bus.
    case bus(Answerer)

    /// Whether it is our own command line, which tells the person what came of it.
    var isTerminal: Bool {
        if case .terminal = self { true } else { false }
    }

    /// What is shown of it once the request has ended.
    var brief: Surface {
        switch self {
        case .notifier, .dismissal: self
        case .terminal(let answerer): .terminal(answerer.brief)
        case .bus(let answerer): .bus(answerer.brief)
        }
    }

    /// The answerer, where it has to be compared with the askers.
    var answerer: Answerer? {
        switch self {
        case .notifier, .dismissal: nil
        case .terminal(let answerer), .bus(let answerer): answerer
        }
    }
}

/// Why an answer wasn't taken; the request goes on waiting.
package enum AnswerError: Error, Sendable, Hashable {
    /// No request with that code waits.
    case unknownRequest
    /// The answer doesn't fit the request; the sentence says how.
    case invalidAnswer(String)
    /// The answerer belongs to the asking program.
    case notAllowed
    /// Just now nobody can tell whether it does; the request goes on waiting.
    case unclearAsker
    /// The person could not be asked to confirm this allow.
    case unconfirmed(ConfirmationError)
}

/// Why an allow is neither confirmed nor denied by the person.
package struct ConfirmationError: Error, Sendable, Hashable {
    /// A sentence for the person, with what to do.
    package let reason: String
    /// Whether the person was asked, and has said nothing.
    package let wasAsked: Bool

    /// Says why.
    package init(_ reason: String, wasAsked: Bool = false) {
        self.reason = reason
        self.wasAsked = wasAsked
    }
}

/// What an answer did.
package enum AnswerEffect: Sendable, Hashable {
    /// It decided a waiting request.
    case decided
    /// The same, but it could not be kept for as long as it was meant to; the sentences say how long it holds, and why.
    case notKept(String)
    /// It counts once the person has confirmed it.
    case needsConfirmation
    /// It ended the quiet time of a request that had been denied.
    case endedQuiet
}
