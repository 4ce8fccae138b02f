// SPDX-License-Identifier: Apache-2.0

import Approval
import ConcurrencyTools
import DisplayText
import Logging
import Passwords
import Settings
import Vault

/// Has an allow confirmed in pinentry's window, which no program of the session can answer, where the configuration
/// wants that.
struct PinentryConfirmation: Sendable {
    let configuration: CurrentValue<Configuration>
    let logger: Logger

    /// What the person says.
    ///
    /// - Throws: Why they can't be asked, need not be any more, or have said nothing.
    func ask(_ question: ConfirmationQuestion) async throws(ConfirmationError) -> Bool {
        let (settings, program) = (configuration.value.approval, configuration.value.unlock.pinentry)
        guard settings.confirmation == .pinentry else {
            throw ConfirmationError("The configuration wants no confirmation any more: allow it once more.")
        }
        let pinentry = Pinentry(program: program, deadline: settings.limits.timeout)
        do throws(VaultError) {
            return try await pinentry.confirm(
                title: "Keybell: \(question.code)",
                text: question.text,
                labels: Pinentry.Labels(yes: "_Allow", no: "_Deny", neither: "_Not now")
            )
        } catch .notUnlocked(let failure) {
            throw ConfirmationError(Self.reason(failure), wasAsked: true)
        } catch {
            let advice = Self.advice(error)
            logger.error(
                "an allow could not be confirmed: the request goes on waiting",
                metadata: ["code": "\(question.code)", "why": "\(advice)"]
            )
            throw ConfirmationError(advice)
        }
    }

    private static func reason(_ failure: UnlockFailure) -> String {
        let then = "allow it once more, or deny it."
        return failure == .timedOut
            ? "Nobody has answered pinentry's window in time: \(then)"
            : "pinentry's window was closed without an answer: \(then)"
    }

    private static func advice(_ error: VaultError) -> String {
        switch error {
        case .passwordUnavailable(let text): PlainText.field(text, limit: 500)
        default:
            "There is no display for the window of pinentry: have keybelld started by the desktop, or leave out [approval] confirm_with in the configuration."
        }
    }
}
