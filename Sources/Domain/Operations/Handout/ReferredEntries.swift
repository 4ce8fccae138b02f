// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Vault

/// The entries of one vault that the references of one reply lead to.
///
/// An entry that is named by its uuid, title, user name or URL is looked up in the index and only it is opened; only a
/// reference by a password, by notes or by a string field has to open the whole vault, once.
final class ReferredEntries {
    /// How many different references one reply follows.
    static let mostReferences = 1000
    /// How many of them may be searched for among all entries.
    static let mostSearches = 100

    private let store: any VaultStore
    private let restriction: ClientRestriction
    private let query: MatchQuery?
    private var found: [FieldReference: PlaceholderEntry?] = [:]
    private var opened: [LoginID: PlaceholderEntry?] = [:]
    private var all: [PlaceholderEntry]?
    private var searches = 0

    /// Entries of a vault, as far as the client is restricted to them.
    ///
    /// One whose own Deny list has the page's host, or the host that it sends to, is hidden: the client is never given it
    /// there, so that nothing leads to it either.
    init(_ store: any VaultStore, within restriction: ClientRestriction, hiddenFrom query: MatchQuery?) {
        self.store = store
        self.restriction = restriction
        self.query = query
    }

    /// The first entry that a reference means; nil where there is none, or too many have been looked for.
    func find(_ reference: FieldReference) async throws(VaultError) -> PlaceholderEntry? {
        if let known = found[reference] { return known }
        guard found.count < Self.mostReferences else { return nil }
        let entry = try await lookUp(reference)
        found[reference] = .some(entry)
        return entry
    }

    private func lookUp(_ reference: FieldReference) async throws(VaultError) -> PlaceholderEntry? {
        let index = try await store.index().limited(to: restriction)
        if reference.searched == .id {
            guard let login = LoginID(hex: reference.text).flatMap({ index.login($0) }) else { return nil }
            return try await open(login)
        }
        guard searches < Self.mostSearches else { return nil }
        searches += 1
        if reference.isPublic {
            guard let login = await Self.first(reference, in: index) else { return nil }
            return try await open(login)
        }
        let entries = try await everything(index)
        let find: @Sendable () -> PlaceholderEntry? = { entries.first { reference.means($0) } }
        guard entries.count > ManyLoginsWork.fewLogins else { return find() }
        return await Task(executorPreference: ManyLoginsWork.queue) { find() }.value
    }

    private static func first(_ reference: FieldReference, in index: LoginIndex) async -> Login? {
        let find: @Sendable () -> Login? = { index.first { reference.means($0) == true } }
        guard index.size > ManyLoginsWork.fewLogins else { return find() }
        return await Task(executorPreference: ManyLoginsWork.queue) { find() }.value
    }

    private func open(_ login: Login) async throws(VaultError) -> PlaceholderEntry? {
        if let query, login.denies(query) { return nil }
        if let known = opened[login.id] { return known }
        let entry: PlaceholderEntry?
        do throws(VaultError) {
            entry = PlaceholderEntry(login, try await store.secrets(of: login.id))
        } catch .notFound {
            entry = nil  // deleted meanwhile
        }
        opened[login.id] = .some(entry)
        return entry
    }

    private func everything(_ index: LoginIndex) async throws(VaultError) -> [PlaceholderEntry] {
        if let all { return all }
        var entries: [PlaceholderEntry] = []
        for login in index.everything {
            do throws(VaultError) {
                if let entry = try await open(login) { entries.append(entry) }
            } catch .unconfirmed where login.origin != nil {
                continue  // What another program keeps closed is no reason to give nothing at all.
            } catch {
                throw error
            }
        }
        all = entries
        return entries
    }
}

extension PlaceholderEntry {
    init(_ login: Login, _ secrets: LoginSecrets) {
        self.init(
            id: login.id,
            parts: [
                .title: SecretBytes(utf8: login.title),
                .username: SecretBytes(utf8: login.username),
                .password: secrets.password,
                .url: SecretBytes(utf8: login.url),
                .notes: secrets.notes,
            ],
            fields: secrets.fields,
            isLiteral: login.isLiteral
        )
    }
}
