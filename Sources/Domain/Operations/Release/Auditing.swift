// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import Callers
import DisplayText
import Vault

/// What let a request through, for the record of it.
enum Basis: Hashable, Sendable {
    /// The person's word on this request.
    case answer(code: String)
    /// What the person had decided before.
    case grant
    /// The entry's own list of hosts.
    case entry
    /// `ask = "never"`.
    case configuration

    /// The request's code, where one was answered.
    var code: String? {
        if case .answer(let code) = self { code } else { nil }
    }

    var words: String {
        switch self {
        case .answer(let code): "answer \(code)"
        case .grant: "a grant"
        case .entry: "the entry's own list"
        case .configuration: "the configuration"
        }
    }
}

extension RequestHandler {
    /// Keeps a record of what is done for a client: false where it can't be kept and must be.
    @discardableResult
    func record(
        _ event: AuditRecord.Event,
        client: String,
        caller: Caller,
        under bases: Set<Basis>,
        _ more: [AuditRecord.Field: String?] = [:]
    ) async -> Bool {
        let program = caller.program
        let common: [AuditRecord.Field: String?] = [
            .client: PlainText.field(client),
            .program: PlainText.field(program.id),
            .origin: program.origin.map { PlainText.field($0) },
            .under: bases.map(\.words).sorted().joined(separator: ", "),
        ]
        return await audit(event, common.merging(more) { $1 })
    }
}
