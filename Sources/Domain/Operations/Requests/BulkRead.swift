// SPDX-License-Identifier: Apache-2.0

import Vault

/// What the requests share that read the vault rather than one page.
struct BulkRead: Sendable {
    private let access: VaultAccess
    private let release: ReleaseDecision
    private let handout: Handout
    private let order: MatchOptions.Order

    /// Makes one that looks here and hands out by these, in this order.
    init(access: VaultAccess, release: ReleaseDecision, handout: Handout, order: MatchOptions.Order) {
        self.access = access
        self.release = release
        self.handout = handout
        self.order = order
    }

    /// Looks for logins, and hands out what the person lets through.
    ///
    /// - Parameters:
    ///   - verified: The request.
    ///   - isByEntry: Whether it names single entries.
    ///   - passwords: Whether passwords go out.
    ///   - select: Finds the logins of one vault.
    /// - Returns: The reply.
    /// - Throws: Why there is none.
    func answer(
        _ verified: VerifiedRequest,
        isByEntry: Bool = false,
        passwords: Bool = true,
        select: @Sendable (LoginIndex) -> [Login]
    ) async throws(Refusal) -> OperationResult {
        let offers: [Offer]
        do throws(Refusal) {
            offers = try await access.find(for: verified) { (open) async throws(Refusal) -> [Offer] in
                let isLong = !isByEntry && open.reduce(0) { $0 + $1.index.size } > ManyLoginsWork.fewLogins
                return try await ManyLoginsWork.done(beside: isLong) { () async throws(Refusal) -> [Offer] in
                    open.flatMap { vault in vault.offers(select(vault.index)) }
                }
            }
        } catch {
            // A grant may cover what is named entry by entry.
            let caller = await verified.requester.caller()
            let asks = !isByEntry && verified.asksInBulk(caller)
            throw await access.limitFirst(error, of: verified, asks: asks)
        }
        let purpose = Purpose(passwords: passwords, isByEntry: isByEntry)
        return try await ManyLoginsWork.done(beside: offers.count > ManyLoginsWork.fewLogins) {
            () async throws(Refusal) in
            let released = try await release.release(offers.sorted(by: order), for: purpose, to: verified)
            return try await handout.handOut(released, to: verified, passwords: passwords)
        }
    }
}
