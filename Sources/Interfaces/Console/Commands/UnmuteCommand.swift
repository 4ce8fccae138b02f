// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BusInterface
import DBus
import DisplayText

/// `keybell unmute`: ends mutes.
struct UnmuteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unmute",
        abstract: "End the mute of a program, or of all.",
        discussion:
            "`keybell status` lists what is muted; the program is asked about again when it next asks."
    )

    @ArgumentParser.Argument(
        help:
            "The program or script, by its path or the last part of that, or the code of the request that was denied; without one, all.",
        completion: Completions.muted
    )
    var name: String?

    func run() async throws {
        let answer = try await DaemonBus.connect().call(
            ApprovalInterface.description,
            ApprovalInterface.unmute,
            [.string(name ?? "")]
        )
        let programs = (answer.first?.asStrings ?? []).map(PlainText.cleaned)
        guard !programs.isEmpty else { return Output.text("Nothing is muted.") }
        for program in programs { Output.text("\(program) is muted no more.") }
    }
}
