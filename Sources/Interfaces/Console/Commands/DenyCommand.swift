// SPDX-License-Identifier: Apache-2.0

import Approval
import ArgumentParser
import BusInterface

/// `keybell deny`: says no to a request.
struct DenyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "deny", abstract: "Deny a request.")

    @Argument(
        help: "The request's four characters, such as 7F2A.",
        completion: Completions.codes,
        transform: { try CodeArgument($0) }
    )
    var code: CodeArgument

    // Else a number that begins with a minus would be an option.
    @Option(
        parsing: .unconditional,
        help:
            "Deny all that this program asks, without showing it, for so many minutes, from 1 to 1440 (a day)."
    )
    var mute: Int?

    @Option(help: "Whether this is denied once, for the session, or always.")
    var scope: GrantScope?

    func validate() throws {
        guard mute.map({ 1...1440 ~= $0 }) ?? true else {
            throw ValidationError("--mute must be from 1 to 1440 minutes (a day).")
        }
    }

    func run() async throws {
        let daemon = try await DaemonBus.connect()
        let request = try await daemon.request(code.text, orQuiet: false)
        if let mistake = scope?.mistake(for: request, denying: true) { throw ConsoleError.refused(mistake) }
        let choices = AnswerChoices(scope: scope, muteSeconds: mute.map { UInt32($0) * 60 })
        try await Interruption.telling("the denial of \(code.text)") { [code] () async throws(ConsoleError) in
            try await daemon.answer(code.text, ApprovalInterface.Decision.deny, choices)
        }
        Output.text("Denied \(request.code): \(request.title)")
        if let mute {
            Output.text(
                "  This program is muted for \(Moment.span(UInt64(mute) * 60)); "
                    + "`keybell unmute \(request.code)` ends that."
            )
        }
    }
}
