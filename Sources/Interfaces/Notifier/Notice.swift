// SPDX-License-Identifier: Apache-2.0

import Approval
import DisplayText

/// Something that the person is told and need not answer: what matters comes first, since some servers draw only one
/// line of it.
struct Notice: Sendable, Equatable {
    let title: String
    let body: String

    /// Logins have reached a client.
    static func delivery(client: String, program: String, host: String?, count: Int, passwords: Bool = true)
        -> Notice
    {
        let what = count == 1 ? "a login" : "\(count) logins"
        let without = passwords ? "" : " without password" + (count == 1 ? "" : "s")
        let place = host.map { " for " + PlainText.host($0) } ?? ""
        return Notice(
            title: "\(PlainText.field(program)) got \(what)\(without)\(place)",
            body: "Client: \(PlainText.quoted(client))"
        )
    }

    /// A person's allow came after whoever asked had given up.
    static func late(_ request: PendingRequest) -> Notice {
        Notice(
            title: "Ask again in the program (\(request.code))",
            body: "It had given up before you allowed it.\n\(request.briefTitle)"
        )
    }

    /// An answer isn't kept for as long as the person meant it.
    static func notKept(_ request: PendingRequest, _ trouble: String) -> Notice {
        Notice(
            title: "Your answer holds for less long (\(request.code))",
            body: "\(trouble)\n\(request.briefTitle)"
        )
    }

    /// What the person allowed could not be carried out.
    static func failed(_ request: PendingRequest, _ why: String) -> Notice {
        Notice(
            title: "Your answer came to nothing (\(request.code))",
            body: "\(why)\n\(request.briefTitle)"
        )
    }

    /// Another program shows the questions from now on.
    static func agent(_ agent: AgentInfo) -> Notice {
        let executable = agent.executable.isEmpty ? "unknown" : PlainText.name(agent.executable)
        return Notice(
            title: "Another program now shows Keybell's requests",
            body: "Program: \(executable)\nIt calls itself \(PlainText.quoted(agent.name))"
        )
    }
}
