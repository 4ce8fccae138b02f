// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import Vault

extension Bell {
    /// `generate-password`: a new password by the configured recipe; nothing is stored and nobody asked.
    func generatePassword(_ ring: Ring) async throws(Refusal) -> Answered {
        try await refuseMuted(ring.visitor)
        try await learnHash(for: ring)
        let (password, bits) = PasswordGenerator.generate(policy.recipe)
        var reply = ring.reply(hash: await vaults.hash())
        reply.entries = [
            ReplyEntry(
                name: ring.request.type.rawValue,
                login: String(bits),
                password: password,
                uuid: ring.request.type.rawValue
            )
        ]
        reply.count = 1
        return Answered(reply: reply, to: ring.conversation)
    }
}
