// SPDX-License-Identifier: Apache-2.0

import Clients
import Logging

/// What the person has decided beyond a single request: looked up, and kept.
struct RememberedDecisions: Sendable {
    private let grants: any GrantStore
    private let clients: any ClientStore
    private let logger: Logger

    /// Makes one that keeps grants here.
    init(grants: any GrantStore, clients: any ClientStore, logger: Logger) {
        self.grants = grants
        self.clients = clients
        self.logger = logger
    }

    /// The session that runs now.
    var session: GrantSession { grants.session }

    /// What the person has decided for good about each, in their order; none for a program that can't be told from others.
    func decisions(on subjects: [GrantSubject]) async -> [GrantDecision] {
        guard subjects.allSatisfy({ !$0.key.program.isEmpty }) else {
            return subjects.map { _ in .undecided }
        }
        return await grants.decisions(on: subjects)
    }

    /// Keeps decisions that the person meant beyond a single request.
    ///
    /// If it wasn't known whose the client's key is, as with an imported one, an allow for always settles that, too.
    /// - Parameters:
    ///   - decided: The decisions.
    ///   - session: When they were made.
    ///   - client: The client that they are about.
    /// - Returns: Why one couldn't be kept as it was meant, as a sentence that tells the person what to do.
    func remember(_ decided: [Grant], in session: GrantSession, about client: Client) async -> String? {
        do throws(ClientError) {
            try await grants.remember(decided, in: session)
        } catch {
            return error.advice
        }
        if client.program.isEmpty, let grant = decided.first(where: { $0.allows && !$0.isForSession }) {
            await settle(client, as: grant.key)
        }
        let now = grants.session
        let isOver = decided.contains { $0.isForSession && session.isOver(for: $0.key.vault, at: now) }
        return isOver ? "It is not kept: the vault was locked just then, and that ends the session." : nil
    }

    private func settle(_ client: Client, as key: GrantKey) async {
        do throws(ClientError) {
            try await clients.settle(
                client.id,
                fingerprint: client.fingerprint,
                program: key.program,
                origin: key.origin
            )
        } catch {
            // The next question says once more that its program isn't known.
            logger.warning(
                "a client's program could not be noted down",
                metadata: ["client": "\(client.id)", "why": "\(error.advice)"]
            )
        }
    }
}
