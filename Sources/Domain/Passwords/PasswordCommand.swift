// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import DisplayText
import Glibc
import Linux
import SecureMemory
import Vault

/// A program of the person's that prints a vault's password, such as `pass show keepass`.
struct PasswordCommand: Sendable {
    /// The program and its arguments; there is no shell between.
    let arguments: [String]
    /// What it gets in addition to our own variables.
    let environment: [String: String]
    /// How long it may take.
    let deadline: Duration

    /// Runs it to its end, or ends it with everything it has started: when its time is up, it has printed too much, or
    /// nobody is interested any longer.
    ///
    /// - Parameter reason: For whom it runs; says, too, when nobody is interested any longer.
    /// - Returns: The first line that it prints, without its newline.
    /// - Throws: `notUnlocked` if whoever unlocks has given it up, `passwordUnavailable` with what to do; no error has
    ///   anything in it that the program printed.
    func password(for reason: UnlockReason) async throws(VaultError) -> SecretBytes {
        let output = OutputLines()
        let child: ChildProgram
        do throws(SystemCallError) {
            child = try output.start(arguments, environment: environment)
        } catch {
            throw .passwordUnavailable(advice(error))
        }
        // With everything it has started, however this ends.
        defer { child.kill() }
        reason.cancellation?.whenCancelled { [weak child] in
            // By itself, so that it leaves a lent terminal as it found it.
            Task(executorPreference: MainLoop.executor) { await child?.terminate() }
        }
        child.closeInput()
        let ending: ChildProgram.Ending
        switch await timed(deadline, { await child.end() }) {
        case .done(let own): ending = own
        case .late:
            throw .passwordUnavailable(
                "\(name) gave no password within \(deadline.components.seconds) seconds and was ended; \(tryIt)"
            )
        case .cancelled: throw .notUnlocked(.cancelled)
        }
        guard !reason.isGivenUp else { throw .notUnlocked(.cancelled) }
        guard !child.hasWrittenTooMuch else {
            throw .passwordUnavailable(
                "\(name) printed more than \(OutputLines.mostBytes >> 10) KiB and was ended; the password is to be "
                    + "the first line, and little else."
            )
        }
        guard ending == .exited(0) else {
            throw .passwordUnavailable("\(name) \(Self.words(ending)); \(tryIt)")
        }
        var lines = output.lines.makeAsyncIterator()
        guard let line = await lines.next(isolation: #isolation) else {
            throw .passwordUnavailable("\(name) printed nothing; \(tryIt)")
        }
        return line
    }

    private var name: String {
        "password_command (\(PlainText.field(arguments.first ?? "", limit: PlainText.nameLimit)))"
    }

    private var tryIt: String { "run it in a terminal to see why." }

    private func advice(_ error: SystemCallError) -> String {
        switch error.code {
        case ENOENT: "\(name) was not found; install it, or write its whole path into the configuration."
        case EACCES: "\(name) may not be executed; see its permissions."
        default: "\(name) could not be started: \(error)."
        }
    }

    private static func words(_ ending: ChildProgram.Ending) -> String {
        switch ending {
        case .exited(let code): "failed with exit status \(code)"
        case .killed(let signal): "was ended by signal \(signal)"
        }
    }
}
