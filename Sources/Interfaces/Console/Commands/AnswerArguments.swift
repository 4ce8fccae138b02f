// SPDX-License-Identifier: Apache-2.0

import Approval
import ArgumentParser

extension GrantScope: ExpressibleByArgument {
    /// Why an answer to this request can't hold for that long; nil if it can.
    func mistake(for request: RequestDetails, denying: Bool) -> String? {
        guard self != .once, !request.canBeRemembered else { return nil }
        let option = "leave out --scope \(rawValue)."
        return switch (request.kind, denying) {
        case (.associate, false), (.overwrite, false):
            "A client that is let in is known until you revoke it, and you are asked about its logins then: \(option)"
        case (.associate, true), (.overwrite, true):
            "That a client isn't let in is remembered for a moment only; --mute MINUTES keeps its program quiet for longer: \(option)"
        case (.unlock, false): "An unlock can't be allowed beforehand: \(option)"
        case (.unlock, true):
            "An unlock can't be denied beforehand; --mute MINUTES keeps its program quiet: \(option)"
        default:
            "What reads more than one host's logins is \(denying ? "denied" : "allowed") once each time: \(option)"
        }
    }
}

/// A request's code as it is typed, in upper or lower case.
struct CodeArgument {
    let text: String

    init(_ argument: String) throws(ValidationError) {
        guard let code = RequestCode.normalized(argument) else {
            throw ValidationError(
                "A code has four of the characters \(String(RequestCode.alphabet)), and so neither 0, 1, I, L nor O."
            )
        }
        text = code
    }
}
