// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ConcurrencyTools
import DisplayText
import Linux
import SecureMemory

/// One run of `keybell`.
package enum Invocation {
    /// Does what the arguments (without the program's name) say.
    ///
    /// - Returns: The exit code: 0 done, 1 refused or not found, or what was found could not be written, 2 usage,
    ///   3 the daemon isn't there, 4 `keybell client` found nothing.
    package static func run(_ arguments: [String]) async -> Int32 {
        SecureHeap.prepare()
        return await withTaskExecutorPreference(MainLoop.executor) {
            var command: any ParsableCommand
            if let unknown = Suggestion.unknownTopic(of: arguments) {
                Output.complaint(
                    "There is no command \(PlainText.quoted(unknown)): `keybell help` lists them."
                )
                if let suggestion = Suggestion.command(for: Array(arguments.dropFirst())) {
                    Output.message("Did you mean `\(suggestion)`?")
                }
                return 2
            }
            do {
                command = try await KeybellCommand.asyncParseAsRoot(arguments)
            } catch {
                return report(error, arguments, isUsage: true)
            }
            do {
                if var command = command as? any AsyncParsableCommand {
                    try await command.run()
                } else {
                    try command.run()
                }
                return completed()
            } catch {
                return report(error)
            }
        }
    }

    /// Prints what went wrong, or the help that was asked for.
    ///
    /// - Parameters:
    ///   - error: What was thrown.
    ///   - arguments: What was typed, if another word may have been meant.
    ///   - isUsage: Whether the arguments were still being read, so that they are to blame.
    /// - Returns: With which code to exit.
    static func report(_ error: any Error, _ arguments: [String] = [], isUsage: Bool = false) -> Int32 {
        if let error = error as? ConsoleError {
            Output.complaint(error.text)
            return error.exitCode
        }
        if let exit = error as? ExitCode { return exit.rawValue }
        let message = KeybellCommand.fullMessage(for: error)
        guard KeybellCommand.exitCode(for: error) != .success else {
            Output.line(message)
            return completed()
        }
        Output.message(message)
        if let suggestion = Suggestion.command(for: arguments) {
            Output.message("Did you mean `\(suggestion)`?")
        }
        return isUsage || KeybellCommand.exitCode(for: error) == .validationFailure ? 2 : 1
    }

    /// The exit code of what went well, unless what it printed didn't arrive.
    private static func completed() -> Int32 {
        guard let failure = StandardStream.output.failure else { return 0 }
        Output.complaint("Not all of the output could be written: \(failure.words).")
        return 1
    }
}
