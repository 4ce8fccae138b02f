// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import Vault

extension Bell {
    /// How many names one request may bring.
    static let mostNames = 1000

    /// `get-logins-by-names`: the logins with exactly these titles.
    func getLoginsByNames(_ ring: Ring) async throws(Refusal) -> Answered {
        var seen: Set<[UInt8]> = [[]]
        let names = ring.texts("Names").filter { seen.insert(Array($0.utf8)).inserted }
        guard !names.isEmpty else { throw .invalid(.missing("Names")) }
        guard names.count <= Self.mostNames else {
            throw .forbidden("At most \(Self.mostNames) names at once.")
        }
        return try await readInBulk(ring, asked: names.joined(separator: "\n"), isByEntry: true) { index in
            index.titled(names)
        }
    }

    /// `get-login-by-uuid`: the login with this uuid, or none.
    func getLoginByUUID(_ ring: Ring) async throws(Refusal) -> Answered {
        let text = try ring.required("Uuid")
        return try await readInBulk(ring, asked: text, isByEntry: true) { index in
            LoginID(hex: text).flatMap { index.login($0) }.map { [$0] } ?? []
        }
    }

    /// `get-all-logins`: every login that may be shown, without passwords unless configured.
    func getAllLogins(_ ring: Ring) async throws(Refusal) -> Answered {
        try await readInBulk(ring, asked: "", passwords: ring.rules.passwordsInGetAllLogins) { $0.all }
    }

    /// Offers by user name, or by title where that is how logins are ordered; those alike as they came.
    ///
    /// As the plugin does it: upper and lower case alike, letter by letter.
    func sorted(_ offers: [Offer]) -> [Offer] {
        let keyed = offers.enumerated().map { place, offer in
            let login = offer.login
            let name = policy.match.sortBy == .username ? login.username : login.title
            return (key: SortKey(name, inUpperCase: true), place: place, offer: offer)
        }
        return keyed.sorted { ($0.key, $0.place) < ($1.key, $1.place) }.map(\.offer)
    }

    private func readInBulk(
        _ ring: Ring,
        asked: String,
        isByEntry: Bool = false,
        passwords: Bool = true,
        select: @Sendable (LoginIndex) -> [Login]
    ) async throws(Refusal) -> Answered {
        let offers: [Offer]
        do throws(Refusal) {
            offers = try await find(for: ring) { (open) async throws(Refusal) -> [Offer] in
                let isLong = !isByEntry && open.reduce(0) { $0 + $1.index.count } > LongWork.fewLogins
                return try await LongWork.done(beside: isLong) { () async throws(Refusal) -> [Offer] in
                    open.flatMap { vault in vault.offers(select(vault.index)) }
                }
            }
        } catch {
            // A grant may cover what is named entry by entry.
            let caller = await ring.visitor.caller()
            throw await limitFirst(error, of: ring, asks: !isByEntry && asksInBulk(ring, caller))
        }
        let purpose = Purpose(asked: [asked], passwords: passwords, isByEntry: isByEntry)
        return try await LongWork.done(beside: offers.count > LongWork.fewLogins) {
            () async throws(Refusal) in
            let released = try await release(sorted(offers), for: purpose, to: ring)
            return try await handOut(released, to: ring, passwords: passwords)
        }
    }
}
