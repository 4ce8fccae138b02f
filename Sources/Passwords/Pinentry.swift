// SPDX-License-Identifier: Apache-2.0

import DisplayText
import Glibc
import Kernel
package import Secrecy
package import Vault

/// The person's pinentry: a program that asks for a password, or for a yes, in a window of its own.
///
/// One process per question, ended with it. What is typed goes from the pipe into locked memory.
package struct Pinentry: Sendable {
    /// The program: a path, or a name to be found in PATH.
    package let program: String
    /// How long the person may take.
    package let deadline: Duration
    /// What it gets beside our own variables.
    private let environment: [String: String]

    /// Describes a pinentry; nothing is started yet.
    ///
    /// - Parameters:
    ///   - program: A path, or a name to be found in PATH.
    ///   - deadline: How long the person may take.
    ///   - environment: Variables beside, or instead of, our own.
    package init(
        program: String = "pinentry",
        deadline: Duration = .seconds(120),
        environment: [String: String] = [:]
    ) {
        self.program = program
        self.deadline = deadline
        self.environment = environment
    }

    /// Asks for a password.
    ///
    /// - Parameters:
    ///   - title: The window's title.
    ///   - text: What it is for; may have several lines.
    ///   - error: What was wrong with the one before, if there was one.
    /// - Returns: What was typed, which may be empty.
    /// - Throws: `locked` if the person declines or takes too long, `unavailable` with what to do if it can't ask.
    package func password(title: String, text: String, error: String? = nil) async throws(VaultError)
        -> SecretBytes
    {
        try await converse { link throws(AssuanError) in
            try await link.send("SETTITLE", title)
            try await link.send("SETDESC", text)
            try await link.send("SETPROMPT", "Password:")
            if let error { try await link.send("SETERROR", error) }
            return try await link.send("GETPIN")
        }
    }

    /// Asks for a yes or a no.
    ///
    /// - Parameters:
    ///   - title: The window's title.
    ///   - text: The question; may have several lines.
    /// - Returns: Whether the person said yes; a closed window is a no, and so is silence.
    /// - Throws: `unavailable` with what to do if it can't ask.
    package func confirm(title: String, text: String) async throws(VaultError) -> Bool {
        do throws(VaultError) {
            return try await converse { link throws(AssuanError) in
                try await link.send("SETTITLE", title)
                try await link.send("SETDESC", text)
                try await link.send("CONFIRM")
                return true
            }
        } catch .locked {
            return false
        } catch {
            throw error
        }
    }

    // MARK: - The conversation

    private func converse<Result: Sendable>(
        _ body: @escaping @Sendable (inout AssuanLink) async throws(AssuanError) -> Result
    ) async throws(VaultError) -> Result {
        let output = OutputLines()
        let child: ChildProgram
        do throws(KernelError) {
            child = try ChildProgram([program], environment: environment) { output.receive($0) }
        } catch {
            throw .unavailable(advice(error))
        }
        defer { child.kill() }
        do {
            return try await withDeadline(deadline) {
                var link = try await AssuanLink(child: child, output: output)
                for (name, value) in options { try await link.offer("OPTION", "\(name)=\(value)") }
                // So that it can tidy a terminal up before it is killed.
                try await link.offer("SETTIMEOUT", String(max(1, deadline.components.seconds - 1)))
                return try await body(&link)
            }
        } catch let error as AssuanError {
            throw vaultError(error)
        } catch {
            // The deadline, or whoever waited has left.
            throw .locked
        }
    }

    /// Where it is to ask: as gpg-agent tells it, from the environment of the session.
    private var options: [(name: String, value: String)] {
        func variable(_ name: String) -> String? {
            let value = environment[name] ?? (unsafe getenv(name).map { unsafe String(cString: $0) })
            return value.flatMap { $0.isEmpty ? nil : $0 }
        }
        let candidates = [
            ("ttyname", variable("GPG_TTY")),
            ("ttytype", variable("TERM")),
            ("lc-ctype", variable("LC_ALL") ?? variable("LC_CTYPE") ?? variable("LANG")),
            ("display", variable("DISPLAY")),
        ]
        return candidates.compactMap { name, value in value.map { (name, $0) } }
    }

    // MARK: - What went wrong

    private func vaultError(_ error: AssuanError) -> VaultError {
        switch error {
        case .refused(let code, let text):
            Self.declines.contains(code)
                ? .locked : .unavailable("\(name) could not ask (\(text)); \(another)")
        case .ended:
            .unavailable("\(name) ended without asking; \(another)")
        case .garbled:
            .unavailable("\(name) does not speak as a pinentry does; \(another)")
        }
    }

    /// Codes of libgpg-error for a person's no: timeout, canceled, not confirmed, fully canceled.
    private static let declines: Set<UInt32> = [62, 99, 114, 198]

    private var name: String {
        "The program that asks for passwords (\(PlainText.field(program, limit: PlainText.nameLimit)))"
    }

    private var another: String {
        "name another as [unlock] pinentry in the configuration, such as \"pinentry-gnome3\" or \"pinentry-qt\"."
    }

    private func advice(_ error: KernelError) -> String {
        switch error.code {
        case ENOENT: "\(name) was not found; install a pinentry, or \(another)"
        default: "\(name) could not be started: \(error); \(another)"
        }
    }
}
