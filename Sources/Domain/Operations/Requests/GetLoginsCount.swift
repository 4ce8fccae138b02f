// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import Vault

/// `get-logins-count`: how many `get-logins` would find; never asks anyone.
struct GetLoginsCount: VerifiedOperation {
    private let vaults: VaultSet
    private let access: VaultAccess
    private let pages: PageQuery

    /// Makes one that looks here.
    init(vaults: VaultSet, access: VaultAccess, pages: PageQuery) {
        self.vaults = vaults
        self.access = access
        self.pages = pages
    }

    func answer(_ verified: VerifiedRequest) async throws(Refusal) -> OperationResult {
        let query = try pages.query(of: verified)
        let count = try await access.find(for: verified, isNothing: { $0 == 0 }) { open in
            let indexes = open.map(\.index)
            let comparisons = LoginIndex.comparisons(for: query, in: indexes)
            return await ManyLoginsWork.done(beside: comparisons > ManyLoginsWork.fewLogins) {
                LoginIndex.count(of: query, in: indexes)
            }
        }
        var reply = verified.reply(hash: await vaults.hash())
        reply.count = count
        return OperationResult(reply: reply, to: verified.message)
    }
}
