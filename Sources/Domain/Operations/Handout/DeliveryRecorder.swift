// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import Clients
import DisplayText
import KeePassHTTP
import Vault

/// Logins that go out in one reply.
struct HandedOut: Sendable {
    let released: Released
    let verified: VerifiedRequest
    let count: Int
    let passwords: Bool
    /// What this reply is called in the record.
    let delivery: String
}

/// Records what goes out and what became of it, and tells the person of it.
struct DeliveryRecorder: Sendable {
    private let recorder: RequestRecorder
    private let tellDelivery: @Sendable (Delivery) async -> Void
    private let followUps: FollowUpTasks

    /// Makes one that reports deliveries here.
    init(
        recorder: RequestRecorder,
        tellDelivery: @escaping @Sendable (Delivery) async -> Void,
        followUps: FollowUpTasks
    ) {
        self.recorder = recorder
        self.tellDelivery = tellDelivery
        self.followUps = followUps
    }

    /// Records what goes out, before it does.
    ///
    /// - Parameters:
    ///   - handedOut: The logins.
    ///   - uuids: Their uuids.
    ///   - leftOut: What of them doesn't go out, in the record's words.
    /// - Throws: `unrecorded` where they may not go out.
    func goesOut(_ handedOut: HandedOut, uuids: [String], without leftOut: [String]) async throws(Refusal) {
        guard
            await record(
                .handedOut,
                handedOut,
                uuids: uuids.joined(separator: " "),
                without: leftOut.joined(separator: " ")
            )
        else {
            // A slow disk may still get it, or have part of it.
            followUps.run { await record(.notSent, handedOut) }
            throw .unrecorded
        }
    }

    /// Tells the record and the person what has gone out; both may take a while, and nobody waits for that.
    ///
    /// A client can read its answer and then hang up in such a way that it seems it hadn't: what may have reached it
    /// counts as delivered, except in the wording.
    func hasEnded(_ handedOut: HandedOut, _ outcome: DeliveryOutcome) {
        followUps.run {
            switch outcome {
            case .arrived: await tell(of: handedOut)
            case .uncertain:
                if handedOut.count > 0 { await record(.cutShort, handedOut) }
                await tell(of: handedOut)
            case .notSent:
                if handedOut.count > 0 { await record(.notSent, handedOut) }
            }
        }
    }

    private func tell(of handedOut: HandedOut) async {
        let (released, verified) = (handedOut.released, handedOut.verified)
        if released.isNothingFound { await recordNothing(released, to: verified) }
        guard handedOut.count > 0 else { return }
        let caller = await verified.requester.sender()
        await tellDelivery(
            Delivery(
                client: verified.client.id,
                caller: caller,
                host: released.host,
                count: handedOut.count,
                passwords: handedOut.passwords,
                wasAsked: released.code != nil
            )
        )
    }

    @discardableResult
    private func record(
        _ event: AuditRecord.Event,
        _ handedOut: HandedOut,
        uuids: String = "",
        without: String = ""
    ) async -> Bool {
        let (released, verified) = (handedOut.released, handedOut.verified)
        let vaults = Set(released.offers.map(\.store.name)).sorted().joined(separator: ", ")
        return await recorder.record(
            event,
            client: verified.client.id,
            caller: await verified.requester.sender(),
            under: released.permissions,
            [
                .request: verified.request.type.rawValue,
                .host: released.host.map { PlainText.recordedPlace($0) },
                .vault: PlainText.field(vaults),
                .count: String(handedOut.count),
                .entries: uuids,
                .delivery: handedOut.delivery,
                .without: without,
            ]
        )
    }

    private func recordNothing(_ released: Released, to verified: VerifiedRequest) async {
        await recorder.record(
            .nothingFound,
            client: verified.client.id,
            caller: await verified.requester.sender(),
            under: [],
            [
                .request: verified.request.type.rawValue,
                .host: released.host.map { PlainText.recordedPlace($0) },
            ]
        )
    }
}
