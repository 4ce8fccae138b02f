// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit

/// Keeps a record of every answer, and of each that could not be kept for as long as it was meant, or not carried
/// out.
struct AnswerRecorder: Sendable {
    /// Opened before the first request can come, so that no answer goes unrecorded.
    let events: AsyncStream<ApprovalEvent>
    let audit: AuditTrail

    func run() async {
        var last: [AuditTrail.Happened] = []
        for await event in events {
            guard let happened = Self.happened(event) else { continue }
            if Task.isCancelled {
                last.append(happened)
            } else {
                await audit.keep(happened.event, happened.fields)
            }
        }
        // The daemon ends: what is left of them has no time to be kept one after the other.
        await audit.keep(last)
    }

    private static func happened(_ event: ApprovalEvent) -> AuditTrail.Happened? {
        switch event {
        case .ended(let ended, _): answered(ended)
        // The record has it with the time that was meant.
        case .kept(let ended) where ended.keepTrouble != nil: answered(ended)
        case .failed(let ended): answered(ended)
        default: nil
        }
    }

    private static func reason(_ ended: RecentRequest) -> String? {
        if ended.failure != nil { return "came to nothing" }
        return ended.keepTrouble != nil ? "not kept" : ended.wasUnconfirmed ? "unconfirmed" : nil
    }

    private static func answered(_ ended: RecentRequest) -> AuditTrail.Happened {
        let request = ended.request
        return (
            .answered,
            [
                .code: request.code,
                .kind: request.kind.rawValue,
                .outcome: ended.outcome.rawValue,
                .reason: reason(ended),
                .scope: ended.scope?.rawValue,
                .by: ended.answeredBy,
                .client: request.client,
                .program: request.caller.programs,
                .origin: request.caller.origin,
                .host: request.host,
                .vault: request.vault,
                .count: request.entryCount > 0 ? String(request.entryCount) : nil,
            ]
        )
    }
}
