// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import Vault

/// `generate-password`: a new password by the configured recipe; nothing is stored and nobody asked.
struct GeneratePassword: VerifiedOperation {
    private let vaults: VaultSet
    private let mutes: MuteCheck
    private let access: VaultAccess
    private let recipe: PasswordRecipe

    /// Makes one that uses a recipe.
    init(vaults: VaultSet, mutes: MuteCheck, access: VaultAccess, recipe: PasswordRecipe) {
        self.vaults = vaults
        self.mutes = mutes
        self.access = access
        self.recipe = recipe
    }

    func answer(_ verified: VerifiedRequest) async throws(Refusal) -> OperationResult {
        try await mutes.check(verified.requester)
        try await access.learnHash(for: verified)
        let (password, bits) = PasswordGenerator.generate(recipe)
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
        return OperationResult(reply: reply, to: verified.message)
    }
}
