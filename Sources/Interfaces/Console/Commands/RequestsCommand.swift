// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `keybell requests`: what waits for an answer.
struct RequestsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "requests",
        abstract: "List what waits for your answer, or show all that is known of one request."
    )

    @Argument(
        help: "Show just the request of these four characters, with everything that is known of it.",
        completion: Completions.codes,
        transform: { try CodeArgument($0) }
    )
    var code: CodeArgument?

    @Flag(
        help:
            "List what has ended within the last hour instead, and what is denied without being shown to you since."
    )
    var recent = false

    @OptionGroup var output: JSONOption

    func run() async throws {
        let daemon = try await DaemonBus.connect()
        if let code { return try await show(code.text, daemon) }
        let requests =
            recent ? try await daemon.recentRequests(starts: false) : try await daemon.requests(starts: false)
        guard !output.json else {
            Output.json(.array(requests.map(\.json)))
            return
        }
        guard !requests.isEmpty else {
            Output.text(recent ? "Nothing has been asked lately." : "Nothing waits for you.")
            return
        }
        let now = Moment.now()
        let denials = await RememberedDenials.behind(requests, daemon)
        for request in requests {
            Output.text(Self.lines(request, now: now, denials).joined(separator: "\n"))
        }
    }

    private func show(_ code: String, _ daemon: DaemonBus) async throws {
        let waiting = try await daemon.requests(starts: false).first { $0.code == code }
        let recent =
            waiting == nil ? try await daemon.recentRequests(starts: false).last { $0.code == code } : nil
        guard let request = waiting ?? recent else {
            throw ConsoleError.noRequest("No request \(code) waits or has ended lately.")
        }
        guard !output.json else { return Output.json(request.json) }
        let entries = waiting == nil ? request.entries : try await daemon.entries(of: request)
        let denials = await RememberedDenials.behind([request], daemon)
        var lines = Self.lines(request, now: Moment.now(), denials)
        lines += entries.enumerated().map { "      \($0 + 1)  \($1.line)" }
        let rest = request.entryCount - entries.count
        if rest > 0 { lines.append("      … and \(rest) more") }
        lines += request.facts.map { "      \($0): \($1)" }
        Output.text(lines.joined(separator: "\n"))
    }

    /// A request as it is listed.
    static func lines(
        _ request: RequestDetails,
        now: UInt64,
        _ denials: RememberedDenials = RememberedDenials()
    ) -> [String] {
        var state = "expires \(Moment.left(until: request.deadline, now: now))"
        if let result = request.result {
            state = result
            if let ended = request.ended { state += ", \(Moment.ago(ended, now: now))" }
        }
        return ["\(request.code)  \(request.title)  (\(state))"] + request.body.map { "      " + $0 }
            + aftermath(request, now: now, denials).map { "      " + $0 }
    }

    /// What has become of a request since it was answered.
    private static func aftermath(
        _ request: RequestDetails,
        now: UInt64,
        _ denials: RememberedDenials
    ) -> [String] {
        var lines: [String] = []
        if request.isAbandoned { lines.append("The program had given up: ask again in it.") }
        if let trouble = request.keepTrouble { lines.append(trouble) }
        if let failure = request.failure { lines.append(RequestDetails.failureSentence(failure)) }
        if request.unseen > 0 {
            lines.append(
                "Since then denied without being shown to you: \(Amount.of(request.unseen, "request"))."
            )
        }
        if let end = denials.end(of: request) {
            lines.append("The same is denied without being shown, as you decided: \(end)")
        } else if let until = request.quietUntil, until > now {
            lines.append(
                "The same is denied without being shown until \(Moment.time(until, now: now)): `keybell allow \(request.code)` ends that."
            )
        }
        if let line = mute(of: request, now: now) { lines.append(line) }
        return lines
    }

    /// Who is muted because of a request, until when, and how to end it; nil where nobody is.
    static func mute(of request: RequestDetails, now: UInt64) -> String? {
        guard let until = request.mutedUntil, until > now else { return nil }
        let who = request.muted.isEmpty ? "The program" : request.muted.joined(separator: ", ")
        return
            "\(who) is muted until \(Moment.time(until, now: now)): `keybell unmute \(request.code)` ends that."
    }
}
