// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import ConcurrencyTools
import Logging
import SecureMemory
import Synchronization
import Vault

/// Gives out one-time codes by a counter, each once: the counter moves on, and that is saved, before a code goes out.
///
/// It is a save like any other: asked about each time unless a grant or the configuration covers it. A client that gave up
/// waiting and asks again gets the code that was allowed, until one reply has delivered it.
struct CounterCodes: Sendable {
    /// The savings of counters, one after the other: each begins with the counter that the one before has left.
    final class Line: Sendable {
        private let line = Mutex(SerialTaskQueue())

        fileprivate func join<Value: Sendable>(_ job: @escaping @Sendable () async -> Value) -> Task<
            Value, Never
        > {
            line.withLock { $0.join(job) }
        }
    }

    private let approvals: ApprovalBroker
    private let saves: SaveResults
    private let saving: LoginSaving
    private let line: Line
    private let logger: Logger

    /// Makes one that saves by these.
    init(
        approvals: ApprovalBroker,
        saves: SaveResults,
        saving: LoginSaving,
        line: Line,
        logger: Logger
    ) {
        self.approvals = approvals
        self.saves = saves
        self.saving = saving
        self.line = line
        self.logger = logger
    }

    /// A code, and the name by which the save that it came of is forgotten once it has been delivered.
    struct Given: Sendable {
        fileprivate let saved: Saved
        fileprivate let name: [UInt8]
        let code: SecretBytes
    }

    /// The next code of a login, once that may be saved; nil where it may not, or can't be.
    func next(of offer: Offer, for verified: VerifiedRequest) async -> Given? {
        let program = await verified.requester.caller().program
        let wish = SaveRequest(countingCodesOf: offer.login.id)
        let asker = [
            verified.client.id, verified.client.fingerprint, program.id, program.vouched,
            program.origin ?? "",
            offer.store.name,
        ]
        let name = saves.digest(of: asker.map { SecretBytes(utf8: $0) } + wish.parts)
        if let saved = await saves.finished(name), let code = saved.oneTimeCode {
            return Given(saved: saved, name: name, code: code)
        }
        let save = await saves.begin(name, rememberedFor: await approvals.retryTime) {
            do throws(Refusal) {
                return .success(try await take(wish, named: name, of: offer, verified: verified))
            } catch {
                return .failure(error)
            }
        }
        if save.isJoined, var question = await saves.question(about: name) {
            // The same program: only its processes may differ.
            question.caller = await verified.requester.asker()
            _ = await approvals.join(question)
        }
        do throws(Refusal) {
            let saved = try await save.task.value.get()
            return saved.oneTimeCode.map { Given(saved: saved, name: name, code: $0) }
        } catch {
            logger.notice(
                "a one-time code by a counter was left out, since the counter could not be moved on",
                metadata: ["why": "\(error)", "vault": "\(offer.store.name)", "entry": "\(offer.login.id)"]
            )
            return nil
        }
    }

    /// A code has reached its client: the next one is another.
    func delivered(_ given: Given) async { await saves.forget(given.saved, of: given.name) }

    private func take(
        _ wish: SaveRequest,
        named name: [UInt8],
        of offer: Offer,
        verified: VerifiedRequest
    ) async throws(Refusal) -> Saved {
        let (store, id) = (offer.store, offer.login.id)
        let approved = try await saving.approve(wish, named: name, in: store, verified: verified)
        return try await line.join { () async -> Result<Saved, Refusal> in
            do throws(Refusal) {
                // As it is now: the person may have taken their time, and another client a code.
                guard let next = CounterCode(fields: try await Self.fields(of: id, in: store)) else {
                    throw .changedMeanwhile
                }
                let draft = LoginDraft(id: id, fields: [CounterCode.counterField: next.next])
                var saved = try await saving.carryOut(draft, of: approved, in: store, verified: verified)
                saved.oneTimeCode = next.code
                return .success(saved)
            } catch {
                return .failure(error)
            }
        }.value.get()
    }

    private static func fields(
        of id: LoginID,
        in store: any VaultStore
    ) async throws(Refusal) -> [String: SecretBytes] {
        do throws(VaultError) {
            return try await store.secrets(of: id).fields
        } catch {
            throw .vault(error)
        }
    }
}
