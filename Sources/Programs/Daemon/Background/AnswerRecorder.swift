// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import Logging

/// Keeps a record of every answer, and of each that could not be kept for as long as it was meant, or not carried
/// out.
struct AnswerRecorder: Sendable {
    /// Opened before the first request can come, so that no answer goes unrecorded.
    private let events: AsyncStream<ApprovalEvent>
    /// What the person has said waits for no record of what came to nothing, which any program can cause.
    private let (answers, others): (RecordQueue, RecordQueue)

    /// Prepares to record these; nothing is kept yet.
    init(events: AsyncStream<ApprovalEvent>, logger: Logger, keep: @escaping BatchRecorder) {
        self.events = events
        answers = RecordQueue(logger: logger, keep: keep)
        others = RecordQueue(most: 1024, logger: logger, keep: keep)
    }

    /// Records until the events end, or it is cancelled, and what it has heard of until then.
    func run() async {
        for await event in events {
            guard let (ended, happened) = Self.happened(event) else { continue }
            switch ended.outcome {
            case .allowed, .denied: await answers.add(happened)
            case .expired, .withdrawn: await others.add(happened)
            }
        }
        await finish()
    }

    /// Returns once all that it has heard of is kept, or couldn't be in time.
    func finish() async {
        async let answered: Void = answers.finish()
        async let ended: Void = others.finish()
        _ = await (answered, ended)
    }

    private static func happened(_ event: ApprovalEvent) -> (RecentRequest, AuditTrail.Happened)? {
        switch event {
        case .ended(let ended, _): (ended, answered(ended))
        // The record has it with the time that was meant.
        case .kept(let ended) where ended.keepTrouble != nil: (ended, answered(ended))
        case .failed(let ended): (ended, answered(ended))
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
                .mute: ended.muteSeconds.map { String($0) },
                .by: ended.answeredBy,
                .client: request.client,
                .program: request.caller.programs,
                .origin: request.caller.origin,
                .host: request.host,
                .vault: request.vault,
                .request: request.requestType,
                .count: request.entryCount > 0 ? String(request.entryCount) : nil,
            ]
        )
    }
}
