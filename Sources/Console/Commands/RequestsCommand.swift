// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `keybell requests`: what waits for an answer.
struct RequestsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "requests",
        abstract: "List what waits for your answer."
    )

    @Flag(help: "List what has ended, or was denied without being shown, instead.")
    var recent = false

    @OptionGroup var output: JSONOption

    func run() async throws {
        let daemon = try await DaemonBus.connect()
        let requests =
            recent ? try await daemon.recentRequests(starts: false) : try await daemon.requests(starts: false)
        guard !output.json else {
            Output.json(.array(requests.map(\.json)))
            return
        }
        guard !requests.isEmpty else {
            Output.line(recent ? "Nothing has been asked lately." : "Nothing waits for you.")
            return
        }
        let now = Moment.now()
        for request in requests { Output.line(Self.lines(request, now: now).joined(separator: "\n")) }
    }

    /// A request as it is listed.
    static func lines(_ request: RequestDetails, now: UInt64) -> [String] {
        var state = "expires \(Moment.left(until: request.deadline, now: now))"
        if let outcome = request.outcome {
            state = outcome + (request.isQuiet ? " without being shown" : "")
            if let ended = request.ended { state += ", \(Moment.ago(ended, now: now))" }
        }
        return ["\(request.code)  \(request.title)  (\(state))"] + request.body.map { "      " + $0 }
            + further(request)
    }

    /// How many entries aren't in the details.
    private static func further(_ request: RequestDetails) -> [String] {
        let rest = request.entryCount - request.entries.count
        return rest > 0 ? ["      … and \(rest) more"] : []
    }
}
