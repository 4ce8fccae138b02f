// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Linux

/// `keybell watch`: shows requests as they come and takes the answers.
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Show requests in this terminal as they come, and answer them by a key.",
        discussion: """
            The keys stand below each request: among them a to allow, s to allow for this session, y to allow always, \
            e to choose among the logins, o to give a program that wants many their names alone, d to deny, m to deny and mute the program for 10 minutes, q to quit.
            """
    )

    @Flag(help: "Keep the built-in notifier still for what is shown here.")
    var exclusive = false

    func run() async throws {
        let daemon = try await DaemonBus.connect()
        guard StandardInput.isTerminal, StandardStream.output.isTerminal else {
            _ = try await daemon.requests()  // whether it is there at all comes first
            throw ConsoleError.usage(
                "`keybell watch` needs a terminal. In a script, use `keybell requests --json` and `keybell allow CODE`."
            )
        }
        // From before the terminal changes: whoever is ended by one couldn't put it back.
        let watcher = Watcher(
            bus: WatchBus(daemon: daemon, exclusive: exclusive),
            terminations: ProcessSignals.terminations()
        )
        let terminal = try KeyTerminal.ofInput()
        let marksPastes = TerminalLayout.outputTakesSequences()
        if marksPastes { StandardStream.output.write(KeyReader.startMarkingPastes) }
        // Only then may the terminal go back to what it was.
        defer {
            if marksPastes { StandardStream.output.write(KeyReader.stopMarkingPastes) }
            withExtendedLifetime(terminal) {}
        }
        try await watcher.run()
    }
}
