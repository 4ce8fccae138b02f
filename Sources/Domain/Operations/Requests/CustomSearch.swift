// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import Vault

/// `get-logins-custom-search`: the logins that a search finds.
///
/// A search for words in what is public is carried out first, so that the question can name what was found; that
/// nothing was found may be told. Every other search asks first, a regular expression wherever it looks, since its
/// duration, and whether it is cut off, can tell more than its result. The outcome is told only after the person's
/// allow.
struct CustomSearch: VerifiedOperation {
    private let mutes: MuteCheck
    private let search: VaultSearch
    private let advance: AdvanceApproval
    private let release: ReleaseDecision
    private let handout: Handout

    /// Makes one that looks here and hands out by these.
    init(
        mutes: MuteCheck,
        search: VaultSearch,
        advance: AdvanceApproval,
        release: ReleaseDecision,
        handout: Handout
    ) {
        self.mutes = mutes
        self.search = search
        self.advance = advance
        self.release = release
        self.handout = handout
    }

    func answer(_ verified: VerifiedRequest) async throws(Refusal) -> OperationResult {
        let text = try verified.required("SearchString")
        let flags = try Self.flags(of: verified)
        let wanted = try await search.read(text, flags, for: verified)
        let places = flags.places
        let purpose = Purpose(
            asked: [text] + flags.asked,
            search: (text, SearchPlace.allCases.filter(places.contains).map(\.word), flags.mode == .regular)
        )
        if flags.isPublic {
            do throws(Refusal) {
                let offers = try await search.find(wanted, flags, for: verified)
                return try await ManyLoginsWork.done(beside: offers.count > ManyLoginsWork.fewLogins) {
                    () async throws(Refusal) in
                    let released = try await release.release(offers, for: purpose, to: verified)
                    return try await handout.handOut(released, to: verified)
                }
            } catch .search(.tookTooLong) {
                // That is told like any other outcome, after the person's word.
            } catch {
                throw error
            }
        }
        try await mutes.check(verified.requester)
        guard let allowed = try await advance.ask(purpose, for: verified) else {
            return try await handout.handOut(Released(offers: []), to: verified)
        }
        var released = allowed.released
        released.offers = try await search.find(wanted, flags, inVaults: allowed.vaults, for: verified)
        released.isNothingFound = released.offers.isEmpty
        let found = released
        return try await ManyLoginsWork.done(beside: found.offers.count > ManyLoginsWork.fewLogins) {
            () async throws(Refusal) in
            try await handout.handOut(found, to: verified)
        }
    }

    private static func flags(of verified: VerifiedRequest) throws(Refusal) -> SearchFlags {
        do throws(RequestError) {
            return try verified.request.searchFlags()
        } catch .invalidSearchMode {
            throw .search(.invalidMode)
        } catch .invalidComparison {
            throw .search(.invalidComparison)
        } catch {
            throw .invalid(error)
        }
    }
}
