// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import Vault

extension Bell {
    /// `get-logins`: the logins of a page, best match first.
    func getLogins(_ ring: Ring) async throws(Refusal) -> Answered {
        let query = try query(of: ring)
        let offers = offers(for: query, in: try await open(for: ring))
        let released = try await release(offers, for: Purpose(query: query), to: ring)
        return try await handOut(released, to: ring, query: query)
    }

    /// `get-logins-count`: how many there would be; never asks anyone.
    func getLoginsCount(_ ring: Ring) async throws(Refusal) -> Answered {
        let query = try query(of: ring)
        let offers = offers(for: query, in: try await open(for: ring))
        var reply = ring.reply(hash: await vaults.hash())
        reply.count = offers.count
        return Answered(reply: reply, key: ring.conversation.key)
    }

    private func query(of ring: Ring) throws(Refusal) -> MatchQuery {
        // Everything is decrypted before anything is missed: the order of checks is part of the contract.
        let (url, submitUrl, realm) = (
            try ring.text("Url"), try ring.text("SubmitUrl"), try ring.text("Realm")
        )
        guard let url else { throw .invalid(.missing("Url")) }
        return MatchQuery(url: url, submitUrl: submitUrl, realm: realm, options: policy.match, now: now())
    }

    private func offers(for query: MatchQuery, in open: [OpenVault]) -> [Offer] {
        LoginIndex.matches(query, in: open.map(\.index)).map { match in
            Offer(store: open[match.vault].store, login: match.login)
        }
    }
}
