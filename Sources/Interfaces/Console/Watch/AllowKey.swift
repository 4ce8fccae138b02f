// SPDX-License-Identifier: Apache-2.0

import Approval

/// What a key allows of a request, once it is pressed again.
struct AllowKey {
    /// What is answered.
    let choices: AnswerChoices
    /// How that is called in the question whether it is meant; nil for an allow that is simply one.
    let how: String?

    /// Nil for a key that allows nothing, or not of this request.
    init?(_ key: UInt8, for request: RequestDetails) {
        switch key {
        case UInt8(ascii: "a"):
            // The others are for good.
            (choices, how) = (AnswerChoices(), request.isAboutLogins ? "once" : nil)
        case UInt8(ascii: "o") where request.canGiveNamesAlone:
            choices = AnswerChoices(fields: AnswerChoices.everythingButNames)
            how = "names alone, without passwords"
        case UInt8(ascii: "s") where request.canBeRemembered:
            (choices, how) = (AnswerChoices(scope: .session), "for this session")
        case UInt8(ascii: "y") where request.canBeRemembered:
            (choices, how) = (AnswerChoices(scope: .always), "always, without asking you again")
        default: return nil
        }
    }
}
