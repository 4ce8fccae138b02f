// SPDX-License-Identifier: Apache-2.0

import Approval
import ConcurrencyTools
import Logging
import Passwords
import Settings
import Vault

/// Has an allow confirmed in pinentry's window, which no program of the session can answer, where the configuration
/// wants that.
struct PinentryConfirmation: Sendable {
    let configuration: Current<Configuration>
    let logger: Logger

    /// What the person says; nil where it isn't wanted or can't be asked.
    func ask(_ request: PendingRequest) async -> Bool? {
        let (settings, program) = (configuration.value.approval, configuration.value.unlock.pinentry)
        guard settings.confirmation == .pinentry else { return nil }
        let pinentry = Pinentry(program: program, deadline: settings.limits.timeout)
        do throws(VaultError) {
            return try await pinentry.confirm(title: "Keybell: \(request.code)", text: request.question)
        } catch {
            logger.error(
                "an allow could not be confirmed: the request goes on waiting",
                metadata: ["code": "\(request.code)", "why": "\(error)"]
            )
            return nil
        }
    }
}

extension PendingRequest {
    /// All that the person should know before saying yes.
    fileprivate var question: String { title + "\n\n" + body }
}
