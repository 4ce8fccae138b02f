// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Linux

/// A signal that ends a command while the daemon does what it was told.
enum Interruption {
    /// How long the end then waits for the daemon: it takes nothing from a program that has gone.
    private static let patience = Duration.seconds(2)

    /// Has the daemon do something that a signal to this command doesn't take back.
    ///
    /// What the daemon confirms soon after the signal is the work's outcome, as without one. Otherwise the signal ends this
    /// process, once that the outcome isn't known has been told.
    ///
    /// - Parameters:
    ///   - what: What is sent, as a sentence begins with it behind a colon.
    ///   - work: Sends it, and waits for its outcome.
    /// - Returns: What the work gives.
    /// - Throws: What the work throws.
    static func telling<Value: Sendable>(
        _ what: String,
        _ work: @escaping @Sendable () async throws(ConsoleError) -> Value
    ) async throws(ConsoleError) -> Value {
        let outcome = await ProcessSignals.interrupts { signals in
            let working = Task(executorPreference: MainLoop.executor) { await Result(work) }
            let watch = Task(executorPreference: MainLoop.executor) {
                for await number in signals {
                    switch await timed(patience, { await working.value }) {
                    // Cancelled once it is confirmed, which whoever waits for it tells.
                    case .done, .cancelled: return
                    case .late: break
                    }
                    Output.complaint(unconfirmed(what))
                    ProcessSignals.end(by: number)
                }
            }
            defer { watch.cancel() }
            return await working.value
        }
        return try outcome.get()
    }

    /// What to say of something whose outcome isn't known at the end.
    static func unconfirmed(_ what: String) -> String {
        "\(what) was sent; Keybell hasn't confirmed it."
    }
}
