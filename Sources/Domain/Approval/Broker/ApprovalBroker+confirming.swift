// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools

// Allows that the person has to confirm in a window.
extension ApprovalBroker {
    /// Asks alongside everything else; an answer by other means ends it.
    func confirm(_ code: String) {
        guard let request = queue.waiting.first(where: { $0.code == code }) else { return }
        guard let choices = request.confirming?.choices else { return }
        let question = ConfirmationQuestion(
            pending(request),
            allowing: choices,
            of: request.request.entries
        )
        confirmations[code] = Task(executorPreference: MainLoop.executor) { [weak self, confirmation] in
            let verdict: Result<Bool, ConfirmationError>
            do throws(ConfirmationError) {
                verdict = .success(try await confirmation(question))
            } catch {
                verdict = .failure(error)
            }
            guard !Task.isCancelled else { return nil }
            await self?.confirmed(code, verdict)
            return if case .failure(let error) = verdict { error } else { nil }
        }
    }

    private func confirmed(_ code: String, _ verdict: Result<Bool, ConfirmationError>) {
        confirmations[code] = nil
        change { $0.confirmed(code, verdict, now: $1) }
    }
}
