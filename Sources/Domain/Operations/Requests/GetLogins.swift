// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import UnicodeText
import Vault

extension RequestHandler {
    /// `get-logins`: the logins of a page, best match first.
    func getLogins(_ verified: VerifiedRequest) async throws(Refusal) -> OperationResult {
        let query = try query(of: verified)
        let offers = try await find(for: verified) { open in self.offers(for: query, in: open) }
        return try await BackgroundWork.done(beside: offers.count > BackgroundWork.fewLogins) {
            () async throws(Refusal) in
            let released = try await release(offers, for: Purpose(query: query), to: verified)
            return try await handOut(released, to: verified, query: query)
        }
    }

    /// `get-logins-count`: how many there would be; never asks anyone.
    func getLoginsCount(_ verified: VerifiedRequest) async throws(Refusal) -> OperationResult {
        let query = try query(of: verified)
        let count = try await find(for: verified, isNothing: { $0 == 0 }) { open in
            LoginIndex.count(of: query, in: open.map(\.index))
        }
        var reply = verified.reply(hash: await vaults.hash())
        reply.count = count
        return OperationResult(reply: reply, to: verified.conversation)
    }

    /// How many bytes of an address are looked at; what comes after them says nothing of its host.
    static let longestAddress = 8192

    private func query(of verified: VerifiedRequest) throws(Refusal) -> MatchQuery {
        let (url, submit) = (try verified.required("Url"), verified.text("SubmitUrl"))
        let (page, form) = (Self.head(of: url), submit.map(Self.head))
        // An address whose host is cut off matches nothing.
        let isWhole = page != nil && form != .some(nil)
        return MatchQuery(
            url: isWhole ? page ?? "" : "",
            submitUrl: isWhole ? form ?? nil : nil,
            realm: verified.text("Realm"),
            options: policy.match,
            now: now()
        )
    }

    /// As much of an address as is looked at; nil if its host isn't all in there.
    private static func head(of address: String) -> String? {
        guard address.utf8.count > longestAddress else { return address }
        let head = address.cut(toBytes: longestAddress)
        guard let scheme = head.utf8.firstRange(of: "://".utf8) else { return nil }
        let isHostWhole = head.utf8[scheme.upperBound...].contains { "/?#".utf8.contains($0) }
        return isHostWhole ? head : nil
    }

    private func offers(for query: MatchQuery, in open: [OpenVault]) -> [Offer] {
        LoginIndex.matches(query, in: open.map(\.index)).map { match in
            Offer(store: open[match.vault].store, login: match.login)
        }
    }
}
