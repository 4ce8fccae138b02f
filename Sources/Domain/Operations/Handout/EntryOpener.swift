// SPDX-License-Identifier: Apache-2.0

import Callers
import KeePassHTTP
import Logging
import SecureMemory
import Vault

/// The entries of one reply, and the memory that they take.
struct OpenedEntries: Sendable {
    /// In the offers' order; nil for one that has been deleted between the question and its answer.
    let entries: [ReplyEntry?]
    let lease: ReplyBudget.Lease
    /// The offers, by number, that have a one-time code by a counter in what goes out, which isn't given.
    var wantingCodes: [Int] = []
    /// Whether the keyring has asked about them first, so that they may have changed meanwhile.
    var wereConfirmed = false
}

/// Opens the secrets of logins that may be handed out.
struct EntryOpener: Sendable {
    private let replies: ReplyBudget
    private let now: @Sendable () -> Int64
    private let logger: Logger

    /// Makes one whose replies take their memory from this budget.
    init(replies: ReplyBudget, now: @escaping @Sendable () -> Int64, logger: Logger) {
        self.replies = replies
        self.now = now
        self.logger = logger
    }

    /// Opens logins; if a keyring wants the person's word, too, it asks for all of them at once.
    ///
    /// - Parameters:
    ///   - offers: The logins.
    ///   - rules: What of them goes out.
    ///   - restriction: What the client is restricted to.
    ///   - passwords: Whether passwords do.
    ///   - query: The page, where the reply is for one.
    ///   - requester: Who gets the reply.
    ///   - codes: One-time codes by a counter that are given, by the offers' numbers.
    /// - Returns: Them as they go out.
    /// - Throws: What keeps a vault from being read; `refused` where the reply would be too large.
    func open(
        _ offers: [Offer],
        under rules: ClientRules,
        within restriction: ClientRestriction,
        passwords: Bool,
        query: MatchQuery?,
        for requester: CachedRequester,
        codes: [Int: SecretBytes] = [:]
    ) async throws(VaultError) -> OpenedEntries {
        let programs = ChargedPrograms(of: await requester.sender())
        do throws(VaultError) {
            let lease = replies.lease(for: programs)
            return try await entries(of: offers, under: rules, restriction, passwords, query, codes, lease)
        } catch .unconfirmed {
            try await confirm(offers)
            requester.hasWaited()
            let lease = replies.lease(for: programs)
            var opened = try await entries(
                of: offers,
                under: rules,
                restriction,
                passwords,
                query,
                codes,
                lease
            )
            opened.wereConfirmed = true
            return opened
        } catch {
            throw error
        }
    }

    private func entries(
        of offers: [Offer],
        under rules: ClientRules,
        _ restriction: ClientRestriction,
        _ passwords: Bool,
        _ query: MatchQuery?,
        _ codes: [Int: SecretBytes],
        _ lease: ReplyBudget.Lease
    ) async throws(VaultError) -> OpenedEntries {
        let reply = ReplyEntries(
            rules: rules,
            restriction: restriction,
            passwords: passwords,
            query: query,
            now: now(),
            lease: lease,
            logger: logger
        )
        var entries: [ReplyEntry?] = []
        var wanting: [Int] = []
        for (number, offer) in offers.enumerated() {
            do throws(VaultError) {
                let secrets =
                    reply.needsSecrets
                    ? try await offer.store.secrets(of: offer.login.id)
                    : LoginSecrets(password: SecretBytes(utf8: ""))
                let (entry, wantsCode) = try await reply.entry(offer, secrets, code: codes[number])
                entries.append(entry)
                if wantsCode { wanting.append(number) }
            } catch .notFound {
                entries.append(nil)
            } catch {
                throw error
            }
        }
        return OpenedEntries(entries: entries, lease: lease, wantingCodes: wanting)
    }

    /// Has each vault that these logins come from confirm what it keeps locked.
    private func confirm(_ offers: [Offer]) async throws(VaultError) {
        for (_, offers) in Dictionary(grouping: offers, by: \.store.name) {
            try await offers.first?.store.confirm(offers.map(\.login.id))
        }
    }
}
