// SPDX-License-Identifier: Apache-2.0

import BusInterface
import ConcurrencyTools
import DBus
import FoundationEssentials
import Glibc
import Linux
import SecretService

extension TerminalDevice {
    /// Whether pinentry could open a terminal: after `su` it belongs to the previous user.
    static func mayBeOpened(_ terminal: String) -> Bool {
        unsafe access(terminal, R_OK | W_OK) == 0
    }
}

extension DaemonBus {
    /// As long as a person may take to type a password several times.
    private static let unlockTimeout = Duration.seconds(600)

    /// Unlocks a vault, or all of them for nil; the person is asked in this terminal where there is one.
    ///
    /// - Throws: Why it isn't open.
    func unlock(_ vault: String?) async throws(ConsoleError) {
        let terminal = TerminalDevice.ownInForeground()
        // A terminal that can't be lent isn't: pinentry then asks on the display.
        if let terminal, TerminalDevice.mayBeOpened(terminal), let lease = try? TerminalLease() {
            defer { withExtendedLifetime(lease) {} }
            // A false one could ask for the password there.
            return try await trusted().unlock(vault ?? "", lending: terminal, within: Self.unlockTimeout)
        }
        do throws(ConsoleError) {
            try await call(
                VaultsInterface.description,
                VaultsInterface.unlock,
                texts: [vault ?? ""],
                timeout: Self.unlockTimeout
            )
        } catch {
            throw terminal.map { UnlockCommand.adding(toFailure: error, of: $0, vault: vault) } ?? error
        }
    }

    /// Unlocks while pinentry may use this terminal; whatever would end this command ends pinentry first.
    ///
    /// - Parameters:
    ///   - vault: Its name; empty for all.
    ///   - terminal: The terminal's device.
    ///   - time: How long the person may take.
    /// - Throws: Why it isn't open.
    private func unlock(
        _ vault: String,
        lending terminal: String,
        within time: Duration
    ) async throws(ConsoleError) {
        let signals = ProcessSignals.terminations()
        let options = Self.unlockOptions(terminal, ProcessInfo.processInfo.environment)
        let asking = Task(executorPreference: MainLoop.executor) {
            await Result { () async throws(ConsoleError) in
                _ = try await self.call(
                    VaultsInterface.description,
                    VaultsInterface.unlockWithOptions,
                    [.string(vault), .vardict(options)],
                    timeout: time
                )
            }
        }
        let watch = Task(executorPreference: MainLoop.executor) {
            var isCancelled = false
            for await _ in signals {
                // Pinentry puts the terminal back before the call is answered; but nobody waits for that for long.
                guard !isCancelled, await self.cancelUnlock() else { return asking.cancel() }
                isCancelled = true
            }
        }
        defer { watch.cancel() }
        try await asking.value.get()
    }

    private func cancelUnlock() async -> Bool {
        do throws(ConsoleError) {
            try await call(
                VaultsInterface.description,
                VaultsInterface.cancelUnlock,
                timeout: .seconds(3)
            )
            return true
        } catch {
            return false
        }
    }

    /// What the daemon is told of this terminal; over SSH the session's display is not what the person sees.
    static func unlockOptions(_ terminal: String, _ environment: [String: String]) -> [String: Value] {
        typealias Option = VaultsInterface.UnlockOption
        func variable(_ names: String...) -> String? {
            names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        }
        var options: [String: Value] = [Option.terminal: .string(terminal)]
        options[Option.terminalType] = variable("TERM").map { .string($0) }
        options[Option.locale] = variable("LC_ALL", "LC_CTYPE", "LANG").map { .string($0) }
        let hasDisplay =
            Display.isNamed(in: environment) && variable("SSH_CONNECTION", "SSH_TTY") == nil
        options[Option.display] = .boolean(hasDisplay)
        return options
    }
}
