// SPDX-License-Identifier: Apache-2.0

import Vault

/// `get-logins`: the logins of a page, best match first.
struct GetLogins: VerifiedOperation {
    private let access: VaultAccess
    private let pages: PageQuery
    private let release: ReleaseDecision
    private let handout: Handout

    /// Makes one that looks here and hands out by these.
    init(access: VaultAccess, pages: PageQuery, release: ReleaseDecision, handout: Handout) {
        self.access = access
        self.pages = pages
        self.release = release
        self.handout = handout
    }

    func answer(_ verified: VerifiedRequest) async throws(Refusal) -> OperationResult {
        let query = try pages.query(of: verified)
        let offers = try await access.find(for: verified) { open in
            let indexes = open.map(\.index)
            let comparisons = LoginIndex.comparisons(for: query, in: indexes)
            let matches = await ManyLoginsWork.done(beside: comparisons > ManyLoginsWork.fewLogins) {
                LoginIndex.matches(query, in: indexes)
            }
            return matches.map { Offer(store: open[$0.vault].store, login: $0.login) }
        }
        return try await ManyLoginsWork.done(beside: offers.count > ManyLoginsWork.fewLogins) {
            () async throws(Refusal) in
            let released = try await release.release(offers, for: Purpose(query: query), to: verified)
            return try await handout.handOut(released, to: verified, query: query)
        }
    }
}
