// SPDX-License-Identifier: Apache-2.0

import Approval

/// A person's word, with the ways of getting none turned into refusals.
struct PersonDecision: Sendable {
    let allows: Bool
    let choices: Choices
    /// The code of an allowed question, whose memory ends with the delivery of one reply.
    let code: String?

    init(_ answer: Answer) throws(Refusal) {
        switch answer {
        case .allowed(let choices, let code):
            self.init(allows: true, choices: choices, code: code)
        case .denied(let choices):
            self.init(allows: false, choices: choices, code: nil)
        case .quiet:
            self.init(allows: false, choices: Choices(), code: nil)
        case .expired: throw .expired
        case .unseen: throw .unseen
        // Whoever asks for an unlock handles "opened" before coming here for the person's word.
        case .withdrawn, .opened: throw .withdrawn
        case .tooMany: throw .tooMany
        }
    }

    /// What a client is told when it is denied something.
    var refusal: Refusal { choices.wasUnconfirmed ? .unconfirmed : .denied }

    private init(allows: Bool, choices: Choices, code: String?) {
        self.allows = allows
        self.choices = choices
        self.code = code
    }
}
