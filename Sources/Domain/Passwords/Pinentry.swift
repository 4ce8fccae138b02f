// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import DisplayText
import Glibc
import Linux
package import SecureMemory
package import Vault

/// The person's pinentry: a program that asks for a password, or for a yes, in a window of its own.
///
/// One process per question, ended with it, in a session of its own: it asks on the session's display, or on a terminal
/// that was lent for it, never on the one that this process was started from, which others may be reading. What is
/// typed goes from the pipe into locked memory.
package struct Pinentry: Sendable {
    /// The program: a path, or a name to be found in PATH.
    package let program: String
    /// How long the person may take.
    package let deadline: Duration
    /// How long it may take until it is to ask.
    private let starting: Duration
    /// What it gets in addition to our own variables.
    private let environment: [String: String]

    /// Describes a pinentry; nothing is started yet.
    ///
    /// - Parameters:
    ///   - program: A path, or a name to be found in PATH.
    ///   - deadline: How long the person may take.
    ///   - starting: How long the program may take until it is to ask.
    ///   - environment: Variables in addition to, or instead of, our own.
    package init(
        program: String = "pinentry",
        deadline: Duration = .seconds(120),
        starting: Duration = .seconds(10),
        environment: [String: String] = [:]
    ) {
        self.program = program
        self.deadline = deadline
        self.starting = starting
        self.environment = environment
    }

    /// Asks for a password.
    ///
    /// - Parameters:
    ///   - title: The window's title.
    ///   - text: What it is for; may have several lines.
    ///   - error: What was wrong with the one before, if there was one.
    ///   - reason: For whom it asks; says, too, where to ask, and when nobody is interested any longer.
    /// - Returns: What was typed, which may be empty.
    /// - Throws: `notUnlocked` if the person declines or takes too long, `unavailable` if there is nowhere to ask,
    ///   `passwordUnavailable` with what to do if the program is of no use.
    package func password(
        title: String,
        text: String,
        error: String? = nil,
        for reason: UnlockReason = UnlockReason()
    ) async throws(VaultError) -> SecretBytes {
        try await converse(reason) { link throws(AssuanError) in
            try await link.send("SETTITLE", title)
            try await link.send("SETDESC", text)
            try await link.send("SETPROMPT", "Password:")
            if let error { try await link.send("SETERROR", error) }
            return try await link.ask("GETPIN")
        }
    }

    /// Asks for a yes or a no.
    ///
    /// - Parameters:
    ///   - title: The window's title.
    ///   - text: The question; may have several lines.
    ///   - labels: The buttons.
    /// - Returns: Whether the person said yes or no, by a button.
    /// - Throws: `notUnlocked` if they said neither: they put it off, closed the window or took too long; `unavailable` or
    ///   `passwordUnavailable` with what to do if it can't ask.
    package func confirm(
        title: String,
        text: String,
        labels: Labels
    ) async throws(VaultError) -> Bool {
        try await converse(UnlockReason()) { link throws(AssuanError) in
            try await link.send("SETTITLE", title)
            try await link.send("SETDESC", text)
            try await link.offer("SETOK", labels.yes)
            try await link.offer("SETNOTOK", labels.no)
            try await link.offer("SETCANCEL", labels.neither)
            do throws(AssuanError) {
                try await link.ask("CONFIRM")
                return true
            } catch .refused(code: Self.notConfirmed, text: _) {
                return false
            }
        }
    }

    /// What stands on the buttons of a question; an underscore marks the letter that presses one.
    package struct Labels: Sendable {
        let yes: String
        let no: String
        /// Leaves it open, as closing the window does.
        let neither: String

        /// Names the buttons.
        package init(yes: String, no: String, neither: String) {
            (self.yes, self.no, self.neither) = (yes, no, neither)
        }
    }

    // MARK: - The conversation

    private func converse<Result: Sendable>(
        _ reason: UnlockReason,
        _ body: @escaping @Sendable (inout AssuanLink) async throws(AssuanError) -> Result
    ) async throws(VaultError) -> Result {
        let output = OutputLines()
        let child: ChildProgram
        do throws(SystemCallError) {
            child = try output.start(
                [program],
                environment: variables(reason.terminal),
                removed: Self.removed(reason.terminal)
            )
        } catch {
            throw .passwordUnavailable(advice(error))
        }
        reason.cancellation?.whenCancelled { [weak child] in
            Task(executorPreference: MainLoop.executor) { await child?.terminate() }
        }
        do {
            let result = try await withDeadline(deadline) {
                var link = try await AssuanLink(child: child, output: output, readyWithin: starting)
                for (name, value) in options(reason.terminal) {
                    try await link.offer("OPTION", "\(name)=\(value)")
                }
                // So that it can tidy up a terminal before it is killed.
                try await link.offer("SETTIMEOUT", String(max(1, deadline.components.seconds - 1)))
                return try await body(&link)
            }
            child.kill()
            return result
        } catch {
            // By itself, so that it leaves a terminal as it found it.
            await child.terminate()
            guard !reason.isGivenUp else { throw .notUnlocked(.cancelled) }
            switch error {
            case is AssuanError where child.hasWrittenTooMuch: throw vaultError(.garbled, reason)
            case let error as AssuanError: throw vaultError(error, reason)
            case is DeadlineExceeded: throw .notUnlocked(.timedOut)
            default: throw .notUnlocked(.cancelled)
            }
        }
    }

    /// What a pinentry gets in addition to our own variables: on a lent terminal, what is true there.
    private func variables(_ terminal: LentTerminal?) -> [String: String] {
        guard let terminal else { return environment }
        return environment.merging(terminal.variables) { $1 }
    }

    /// Our own variables that a pinentry doesn't get: a terminal that wasn't lent, and a display that the person
    /// doesn't see.
    ///
    /// Without a bus pinentry-gnome3 doesn't ask on the session's display either.
    private static func removed(_ terminal: LentTerminal?) -> Set<String> {
        guard let terminal else { return ["GPG_TTY"] }
        return terminal.hasDisplay ? [] : Set(Display.variables + ["DBUS_SESSION_BUS_ADDRESS"])
    }

    /// Where it is to ask: as gpg-agent tells it, from a lent terminal or from the environment of the session.
    private func options(_ terminal: LentTerminal?) -> [(name: String, value: String)] {
        let (variables, removed) = (variables(terminal), Self.removed(terminal))
        func variable(_ name: String) -> String? {
            guard !removed.contains(name) else { return nil }
            let value = variables[name] ?? (unsafe getenv(name).map { unsafe String(cString: $0) })
            return value.flatMap { $0.isEmpty ? nil : $0 }
        }
        let candidates = [
            ("ttyname", terminal?.device),
            ("ttytype", variable("TERM")),
            ("lc-ctype", variable("LC_ALL") ?? variable("LC_CTYPE") ?? variable("LANG")),
            ("display", variable("DISPLAY")),
        ]
        return candidates.compactMap { name, value in value.map { (name, $0) } }
    }

    // MARK: - What went wrong

    private func vaultError(_ error: AssuanError, _ reason: UnlockReason) -> VaultError {
        switch error {
        case .refused(let code, _) where code == Self.timeout: .notUnlocked(.timedOut)
        case .refused(let code, _) where Self.declines.contains(code): .notUnlocked(.cancelled)
        case .refused(let code, _) where code & Self.systemError != 0 && !hasPlace(reason.terminal):
            .unavailable(Self.nowhere)
        case .refused(_, let text): .passwordUnavailable("\(name) could not ask (\(text)); \(another)")
        case .ended:
            .passwordUnavailable("\(name) ended without asking; \(another)")
        case .silent:
            .passwordUnavailable("\(name) was started and did nothing; \(another)")
        case .garbled:
            .passwordUnavailable("\(name) does not speak as a pinentry does; \(another)")
        }
    }

    /// Codes of libgpg-error for a person's no: canceled, not confirmed, fully canceled.
    private static let declines: Set<UInt32> = [99, notConfirmed, 198]
    /// The button that says no.
    private static let notConfirmed: UInt32 = 114
    /// And those for a person who says nothing.
    private static let timeout: UInt32 = 62
    /// What its codes for errors of the system have in common.
    private static let systemError: UInt32 = 1 << 15

    /// Why it certainly can't ask on the session's display, as a sentence that says what to do; nil where it may.
    ///
    /// Those that are known to need a display say so by their names; another one may ask by whatever means. It looks at
    /// the disk.
    func obstacle() -> String? {
        guard let file = ProgramSearch.find(program, path: variable("PATH") ?? ""),
            let resolved = unsafe realpath(file, nil)
        else {
            return advice(SystemCallError(call: "execve", code: ENOENT))
        }
        defer { unsafe free(resolved) }
        guard !Display.variables.contains(where: { variable($0)?.isEmpty == false }) else { return nil }
        let name = unsafe String(cString: resolved).split(separator: "/").last.map(String.init) ?? ""
        return Self.needingPlace.contains(name) ? Self.nowhere : nil
    }

    private func variable(_ name: String) -> String? {
        if let value = environment[name] { return value }
        return unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// The programs that ask nowhere but on a display or a terminal; pinentry-gnome3 may have the desktop ask over the bus.
    private static let needingPlace: Set<String> = [
        "pinentry-curses", "pinentry-tty", "pinentry-qt", "pinentry-qt4", "pinentry-qt5", "pinentry-gtk-2",
        "pinentry-x11", "pinentry-fltk",
    ]
    private static let nowhere =
        "There is neither a display nor a terminal to ask for the password on: run `keybell unlock` in a terminal."

    /// Whether it was told of a place to ask on.
    private func hasPlace(_ terminal: LentTerminal?) -> Bool {
        options(terminal).contains { ["ttyname", "display"].contains($0.name) }
    }

    private var name: String {
        "The pinentry program (\(PlainText.field(program, limit: PlainText.nameLimit)))"
    }

    private var another: String {
        let others = ["pinentry-gnome3", "pinentry-qt", "pinentry-gtk-2"].filter { !program.hasSuffix($0) }
        let examples = others.prefix(2).map { "\"\($0)\"" }.joined(separator: " or ")
        return "name another as [unlock] pinentry in the configuration, such as \(examples)."
    }

    private func advice(_ error: SystemCallError) -> String {
        switch error.code {
        case ENOENT: "\(name) was not found; install a pinentry, or \(another)"
        default: "\(name) could not be started: \(error); \(another)"
        }
    }
}

extension LentTerminal {
    /// The variables that programs know a terminal by.
    var variables: [String: String] {
        var variables = ["GPG_TTY": device]
        variables["TERM"] = type
        if let locale { (variables["LC_CTYPE"], variables["LC_ALL"]) = (locale, locale) }
        return variables
    }
}
