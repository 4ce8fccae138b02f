// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
package import Vault

/// The configured vaults, in their order: searched together, the first takes new logins and gives the Hash.
package struct VaultSet: Sendable {
    /// The vaults; a configuration has at least one, but a client may see none.
    package let stores: [any VaultStore]
    /// What there is in them.
    private let restriction: ClientRestriction

    /// Makes a set of them.
    package init(_ stores: [any VaultStore]) {
        self.init(stores, ClientRestriction.everything)
    }

    private init(_ stores: [any VaultStore], _ restriction: ClientRestriction) {
        self.stores = stores
        self.restriction = restriction
    }

    /// All that there is for a client, the vault first that takes its new logins.
    func limited(to restriction: ClientRestriction) -> VaultSet {
        guard !restriction.isEverything else { return self }
        let seen = stores.filter { restriction.admits(vault: $0.name) }
        guard !restriction.vaults.isEmpty else { return VaultSet(seen, restriction) }
        let inOrder = restriction.vaults.compactMap { name in seen.first { $0.name == name } }
        return VaultSet(inOrder, restriction)
    }

    /// The Hash that every reply carries; nil while it isn't known yet.
    package func hash() async -> String? {
        await stores.first?.hash()
    }

    /// The vaults that are locked now, in their order.
    func locked() async -> [any VaultStore] {
        var locked: [any VaultStore] = []
        for store in stores where await store.isLocked() { locked.append(store) }
        return locked
    }

    /// The vaults that are to be unlocked before anything is looked for: all of them where none is open, and the first
    /// one where a new login is to be saved into it.
    func needed(for request: Request) async -> [any VaultStore] {
        let locked = await locked()
        if locked.count == stores.count { return locked }
        guard request.type == .setLogin, request.field("Uuid") == nil else { return [] }
        return locked.filter { $0.name == stores.first?.name }
    }

    /// A vault whose Hash isn't known yet because it has never been opened.
    func neverOpened() async -> (any VaultStore)? {
        guard let first = stores.first, await first.hash() == nil else { return nil }
        return first
    }

    /// The vaults that can be read now, with their contents.
    ///
    /// Throws what kept the first one closed when none is open.
    func open() async throws(VaultError) -> [OpenVault] {
        var open: [OpenVault] = []
        var failure = VaultError.locked
        for (position, store) in stores.enumerated() {
            do throws(VaultError) {
                let index = try await store.index().limited(to: restriction)
                open.append(OpenVault(store: store, index: index))
            } catch {
                if position == 0 { failure = error }
            }
        }
        if open.isEmpty, !stores.isEmpty { throw failure }
        return open
    }
}

/// A vault that is unlocked, with a snapshot of what it holds.
struct OpenVault: Sendable {
    let store: any VaultStore
    let index: LoginIndex

    /// These logins of this vault, ready to be offered.
    func offers(_ logins: [Login]) -> [Offer] {
        logins.map { Offer(store: store, login: $0) }
    }
}

/// A login that might be handed out, and the vault it comes from.
struct Offer: Sendable {
    let store: any VaultStore
    var login: Login
    /// What lets it through without a question about it.
    var standing: StandingPermission?

    /// The same, covered.
    func permitted(by standing: StandingPermission) -> Offer {
        Offer(store: store, login: login, standing: standing)
    }
}

extension [Offer] {
    /// By user name, or by title if that is how logins are ordered; equal ones as they came.
    ///
    /// As the plugin does it: letter by letter, ignoring case.
    func sorted(by order: MatchOptions.Order) -> [Offer] {
        let keyed = enumerated().map { place, offer in
            let name = order == .username ? offer.login.username : offer.login.title
            return (key: SortKey(name, inUpperCase: true), place: place, offer: offer)
        }
        return keyed.sorted { ($0.key, $0.place) < ($1.key, $1.place) }.map(\.offer)
    }
}
