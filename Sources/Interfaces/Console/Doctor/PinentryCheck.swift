// SPDX-License-Identifier: Apache-2.0

import DisplayText
import FoundationEssentials
import Linux
import Settings

/// Checks the program that asks for vaults' passwords, by its greeting alone: it is asked for nothing.
enum PinentryCheck {
    private static let subject = "Pinentry"
    private static let timeout = Duration.seconds(5)

    /// What is found of it.
    ///
    /// - Parameters:
    ///   - configuration: What names it.
    ///   - daemonHasDisplay: Whether the daemon's windows have a display; nil where it doesn't run or doesn't say, so that
    ///     our own environment has to do.
    /// - Returns: The findings; none where it is never started.
    static func findings(_ configuration: Configuration, daemonHasDisplay: Bool?) async -> [Finding] {
        guard asks(configuration.vaults) || configuration.approval.confirms else { return [] }
        let program = configuration.unlock.pinentry
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        guard
            ProgramSearch.find(program, path: path).map({ FileManager.default.isExecutableFile(atPath: $0) })
                == true
        else {
            return [
                .failure(
                    subject,
                    "\(PlainText.name(program)) isn't there, so nobody can be asked for a password",
                    do:
                        "Install one (pinentry-gnome3, pinentry-qt, pinentry-gtk2, pinentry-curses), or name another "
                        + "as [unlock] pinentry; a password_command needs none."
                )
            ]
        }
        guard await greets(program) else {
            return [
                .failure(
                    subject,
                    "\(PlainText.name(program)) doesn't speak as a pinentry does",
                    do: "Name another as [unlock] pinentry, such as \"pinentry-gnome3\" or \"pinentry-qt\"."
                )
            ]
        }
        let hasDisplay = daemonHasDisplay ?? Display.isNamed(in: ProcessInfo.processInfo.environment)
        return [
            finding(
                program,
                hasDisplay: hasDisplay,
                confirms: configuration.approval.confirms
            )
        ]
    }

    /// Whether the person is asked for the password of any vault.
    static func asks(_ vaults: [VaultSettings]) -> Bool {
        vaults.contains { $0.kind == .kdbx && $0.passwordCommand == nil && $0.password == nil }
    }

    static func finding(_ program: String, hasDisplay: Bool, confirms: Bool) -> Finding {
        guard !hasDisplay else { return .ok(subject, "\(PlainText.name(program)) answers") }
        let trouble = "\(PlainText.name(program)) answers, but keybelld has no display for its window"
        guard confirms else {
            return .warning(
                subject,
                trouble,
                do: "Unlock with `keybell unlock` in a terminal, or set a password_command for the vault."
            )
        }
        return .failure(
            subject,
            trouble + ", so that what [approval] confirm_kinds names can't be allowed",
            do:
                "Run `systemctl --user import-environment DISPLAY WAYLAND_DISPLAY XAUTHORITY` in the desktop, then "
                + "`systemctl --user restart keybell`; or leave out confirm_with."
        )
    }

    /// Whether a program begins as the Assuan protocol requires: with a line that is `OK`, or begins with that and a
    /// blank.
    private static func greets(_ program: String) async -> Bool {
        // At the end of its input it says good-bye; one that goes on is ended. One that can't be started greets nobody.
        let output = try? await ChildProgram.output(of: [program], limit: 1024, within: timeout)
        let line = (output?.bytes ?? []).prefix { $0 != UInt8(ascii: "\n") }
        return line.starts(with: Array("OK".utf8))
            && (line.count == 2 || line.dropFirst(2).first == UInt8(ascii: " "))
    }
}
