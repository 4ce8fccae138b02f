// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import Vault

extension RequestHandler {
    /// `generate-password`: a new password by the configured recipe; nothing is stored and nobody asked.
    func generatePassword(_ verified: VerifiedRequest) async throws(Refusal) -> OperationResult {
        try await refuseMuted(verified.requester)
        try await learnHash(for: verified)
        let (password, bits) = PasswordGenerator.generate(policy.recipe)
        var reply = verified.reply(hash: await vaults.hash())
        reply.entries = [
            ReplyEntry(
                name: verified.request.type.rawValue,
                login: String(bits),
                password: password,
                uuid: verified.request.type.rawValue
            )
        ]
        reply.count = 1
        return OperationResult(reply: reply, to: verified.conversation)
    }
}
