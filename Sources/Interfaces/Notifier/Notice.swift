// SPDX-License-Identifier: Apache-2.0

import Approval
import DisplayText

/// Something that the person is told and need not answer: what matters comes first, since some servers draw only one
/// line of it.
struct Notice: Sendable, Equatable {
    /// A title with less in it.
    struct Brief: Sendable, Equatable {
        let title: String
        /// What it leaves out.
        let lead: String
    }

    let title: String
    let body: String
    /// In place of a title that isn't all drawn, the best first; what they leave out then begins the body.
    var briefs: [Brief] = []

    /// Logins have reached a client.
    static func delivery(client: String, program: String, host: String?, count: Int, passwords: Bool = true)
        -> Notice
    {
        let what = count == 1 ? "a login" : "\(count) logins"
        let without = passwords ? "" : " without password" + (count == 1 ? "" : "s")
        let place = host.map { " for " + PlainText.place($0) } ?? ""
        let brief = "\(PlainText.field(program)) got \(what)\(without)"
        // Some draw just one line of that.
        let lead = host.map { "For " + PlainText.place($0, columns: 34) }
        return Notice(
            title: brief + place,
            body: "Client: \(PlainText.quoted(client))",
            briefs: [
                Brief(title: brief, lead: lead ?? ""),
                Brief(
                    title: count == 1 ? "A login went out" : "\(count) logins went out",
                    lead: [lead, brief].compactMap(\.self).joined(separator: "\n")
                ),
            ]
        )
    }

    /// A person's allow came after whoever asked had given up.
    static func late(_ request: PendingRequest) -> Notice {
        Notice(
            title: "Ask again in the program (\(request.code))",
            body: "It had given up before you allowed it.\n\(request.words.briefTitle)"
        )
    }

    /// An answer isn't kept for as long as the person meant it.
    static func notKept(_ request: PendingRequest, _ trouble: String) -> Notice {
        Notice(
            title: "Your answer isn't kept as chosen (\(request.code))",
            body: "\(trouble)\n\(request.words.briefTitle)"
        )
    }

    /// What the person allowed could not be carried out.
    static func failed(_ request: PendingRequest, _ why: String) -> Notice {
        Notice(
            title: "Your answer came to nothing (\(request.code))",
            body: "\(why)\n\(request.words.briefTitle)"
        )
    }

    /// Another program shows the questions from now on.
    static func agent(_ agent: AgentInfo) -> Notice {
        let executable = agent.executable.isEmpty ? "unknown" : PlainText.name(agent.executable)
        return Notice(
            title: "Another program shows requests now",
            body: "Program: \(executable)\nIt calls itself \(PlainText.quoted(agent.name))"
        )
    }
}
