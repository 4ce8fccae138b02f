// SPDX-License-Identifier: Apache-2.0

import Clients
import ConcurrencyTools
import KeePassHTTP

/// Checks who signed a request, and has the keyring unlocked for that where the request wants it.
struct RequestVerifier: Sendable {
    private let clients: any ClientStore
    private let keyring: KeyringUnlock
    private let messages: MessageCoder
    private let policy: Policy

    /// Makes one that knows these clients.
    init(clients: any ClientStore, keyring: KeyringUnlock, messages: MessageCoder, policy: Policy) {
        self.clients = clients
        self.keyring = keyring
        self.messages = messages
        self.policy = policy
    }

    /// Checks the signature of a request and decrypts it.
    ///
    /// - Parameters:
    ///   - request: What came.
    ///   - requester: Who sent it.
    ///   - hold: How long it may wait for the keyring to be unlocked; nil for as long as that takes.
    /// - Returns: What it says, and who says it.
    /// - Throws: Why it isn't served.
    func verify(
        _ request: Request,
        from requester: CachedRequester,
        holding hold: Duration? = nil
    ) async throws(Refusal) -> VerifiedRequest {
        guard let signature = request.signature else { throw .unverified }
        let changes = request.type == .setLogin
        let wantsUnlock = policy.wantsUnlock(request)
        let open = messages.opener(of: request, from: requester)
        var outcome = await clients.verify(request, signature: signature, changes: changes, opening: open)
        if case .keyringLocked = outcome {
            guard wantsUnlock else { throw .locked }
            try await unlockKeyring(for: request, from: requester, within: hold)
            outcome = await clients.verify(request, signature: signature, changes: changes, opening: open)
        }
        switch outcome {
        case .verified(let message, let client, let fields):
            if let name = fields.fieldWithNUL { throw .invalid(.hasNUL(name)) }
            return VerifiedRequest(
                request: request,
                message: message,
                fields: fields,
                client: client,
                rules: policy.rules(for: client.id),
                wantsUnlock: wantsUnlock,
                requester: requester
            )
        case .refused: throw .unverified
        case .unrecordable: throw .unrecordable
        case .tooManyChanges: throw .tooManyChanges
        case .keyringLocked: throw .locked
        case .keyringUnavailable(let error): throw .keyring(error.publicAdvice)
        }
    }

    /// The question goes on when the time is over.
    private func unlockKeyring(
        for request: Request,
        from requester: CachedRequester,
        within hold: Duration?
    ) async throws(Refusal) {
        guard let hold else { return try await keyring.unlock(for: request, from: requester) }
        let outcome = await timed(hold) { [keyring] in
            await Result { () async throws(Refusal) in
                try await keyring.unlock(for: request, from: requester)
            }
        }
        switch outcome {
        case .done(let unlocking): try unlocking.get()
        case .late: throw .locked
        case .cancelled: throw .withdrawn
        }
    }
}
