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
            if let unknown = Suggestion.unknownTopic(of: arguments) {
                Output.complaint(
                    "There is no command \(PlainText.quoted(unknown)): `keybell help` lists them."
                )
                if let suggestion = Suggestion.command(for: Array(arguments.dropFirst())) {
                    Output.message("Did you mean `\(suggestion)`?")
                }
                return 2
            }
            return await run(arguments, of: KeybellCommand.self)
        }
    }

    /// Does what git wants of its credential helper, by the same exit codes.
    package static func runGitHelper(_ arguments: [String]) async -> Int32 {
        SecureHeap.prepare()
        return await withTaskExecutorPreference(MainLoop.executor) {
            await run(arguments, of: GitCredentialCommand.self)
        }
    }

    private static func run<Root: AsyncParsableCommand>(
        _ arguments: [String],
        of root: Root.Type
    ) async -> Int32 {
        var command: any ParsableCommand
        do {
            command = try await Root.asyncParseAsRoot(arguments)
        } catch {
            return report(error, arguments, of: root, isUsage: true)
        }
        do {
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return completed()
        } catch {
            return report(error, of: root)
        }
    }

    /// Prints what went wrong, or the help that was asked for.
    ///
    /// - Parameters:
    ///   - error: What was thrown.
    ///   - arguments: What was typed, if another word may have been meant.
    ///   - root: The program's command.
    ///   - isUsage: Whether the arguments were still being read, so that they are to blame.
    /// - Returns: With which code to exit.
    static func report(
        _ error: any Error,
        _ arguments: [String] = [],
        of root: any ParsableCommand.Type = KeybellCommand.self,
        isUsage: Bool = false
    ) -> Int32 {
        if let error = error as? ConsoleError {
            Output.complaint(error.text)
            return error.exitCode
        }
        if let exit = error as? ExitCode { return exit.rawValue }
        let message = root.fullMessage(for: error)
        guard root.exitCode(for: error) != .success else {
            Output.line(message)
            return completed()
        }
        Output.message(message)
        if root == KeybellCommand.self, let suggestion = Suggestion.command(for: arguments) {
            Output.message("Did you mean `\(suggestion)`?")
        }
        return isUsage || root.exitCode(for: error) == .validationFailure ? 2 : 1
    }

    /// The exit code of what went well, unless what it printed didn't arrive.
    private static func completed() -> Int32 {
        guard let failure = StandardStream.output.failure else { return 0 }
        Output.complaint("Not all of the output could be written: \(failure.words).")
        return 1
    }
}
