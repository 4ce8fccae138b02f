// SPDX-License-Identifier: Apache-2.0

import DisplayText
import Glibc
import Kernel
import Secrecy
import Vault

/// A program of the person's that prints a vault's password, such as `pass show keepass`.
struct PasswordCommand: Sendable {
    /// The program and its arguments; there is no shell between.
    let arguments: [String]
    /// What it gets beside our own variables.
    let environment: [String: String]
    /// How long it may take.
    let deadline: Duration

    /// Runs it to its end.
    ///
    /// - Returns: The first line that it prints, without its newline.
    /// - Throws: `unavailable` with what to do; what the program printed is in no error.
    func password() async throws(VaultError) -> SecretBytes {
        let output = OutputLines()
        let child: ChildProgram
        do throws(KernelError) {
            child = try ChildProgram(arguments, environment: environment, hasOwnGroup: true) {
                output.receive($0)
            }
        } catch {
            throw .unavailable(advice(error))
        }
        defer { child.kill() }
        child.closeInput()
        let ending: ChildProgram.Ending
        do {
            ending = try await withDeadline(deadline) { await child.end() }
        } catch is DeadlineExceeded {
            throw .unavailable(
                "\(name) gave no password within \(deadline.components.seconds) seconds; \(tryIt)"
            )
        } catch {
            throw .locked
        }
        guard ending == .exited(0) else { throw .unavailable("\(name) \(Self.words(ending)); \(tryIt)") }
        var lines = output.lines.makeAsyncIterator()
        guard let line = await lines.next(isolation: #isolation) else {
            throw .unavailable("\(name) printed nothing; \(tryIt)")
        }
        return line
    }

    private var name: String {
        "password_command (\(PlainText.field(arguments.first ?? "", limit: PlainText.nameLimit)))"
    }

    private var tryIt: String { "run it in a terminal to see why." }

    private func advice(_ error: KernelError) -> String {
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
