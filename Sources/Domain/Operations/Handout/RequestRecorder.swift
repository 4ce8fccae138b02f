// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import Callers
import DisplayText

/// Records what is done for clients.
struct RequestRecorder: Sendable {
    private let audit: Recorder
    private let approvals: ApprovalBroker

    /// Makes one that records here.
    init(audit: @escaping Recorder, approvals: ApprovalBroker) {
        (self.audit, self.approvals) = (audit, approvals)
    }

    /// Keeps a record of what is done for a client: false where it can't be kept and must be.
    @discardableResult
    func record(
        _ event: AuditRecord.Event,
        client: String,
        caller: Caller,
        under permissions: Set<Permission>,
        _ more: [AuditRecord.Field: String?] = [:]
    ) async -> Bool {
        await approvals.noteUse(of: client, by: caller)
        let program = caller.program
        let common: [AuditRecord.Field: String?] = [
            .client: PlainText.field(client),
            .program: PlainText.field(program.id),
            .origin: program.origin.map { PlainText.field($0) },
            .under: permissions.map(\.words).sorted().joined(separator: ", "),
        ]
        return await audit(event, common.merging(more) { $1 })
    }
}
