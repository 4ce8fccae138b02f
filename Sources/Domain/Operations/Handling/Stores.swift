// SPDX-License-Identifier: Apache-2.0

package import Clients
package import KeePassHTTP
package import Vault

/// The clients that the person has let in; `Clients.ClientRegistry` keeps them in the keyring.
package protocol ClientStore: Sendable {
    /// Has the bus start a keyring provider, if none has been there yet.
    func wake() async
    /// Checks who signed a request and decrypts it, by `open`, or without one at once. `changes` says that it would change something, so it must
    /// not be repeated.
    func verify(
        _ request: Request,
        signature: RequestSignature,
        changes: Bool,
        opening open: MessageOpening.Opener?
    ) async -> VerificationOutcome
    /// Whether a request under this Id, or without one, can't be verified before the keyring is unlocked.
    func needsUnlock(for id: String?) async -> Bool
    /// The client that has an Id; nil where the Id is free.
    func client(withID id: String) async throws(ClientError) -> Client?
    /// The Id under which the key with this fingerprint is stored; nil where it is unknown.
    func clientID(ofKey fingerprint: String) async throws(ClientError) -> String?
    /// A restricted client with this key, or else of this program; nil where none is known.
    func restrictedClient(ofKey fingerprint: String, program: String, origin: String?) async -> Client?
    /// An Id near `base` that no client has.
    func suggestID(from base: String) async -> String
    /// Whether a client other than that of a key is shown under this name, which is not its Id.
    func isShownName(_ name: String, notOf fingerprint: String) async -> Bool
    /// Stores a key under an Id that is free or whose key has the fingerprint `former`; else it is `.taken`. First it has
    /// grants forgotten: those of `former`, and those of the key itself where no client has it. Without a restriction it is
    /// restricted as whoever has the Id.
    func register(
        id: String,
        key: ClientKey,
        program: String,
        origin: String?,
        database: String,
        replacing former: String?,
        restrictedTo restriction: ClientRestriction?,
        forgettingGrants forget: @escaping @Sendable (String) async throws(ClientError) -> Void
    ) async throws(ClientError)
    /// Notes which program and Origin a key belongs to, where nobody knew; what is known stays.
    func settle(_ id: String, fingerprint: String, program: String, origin: String?) async throws(ClientError)
    /// Unlocks the keyring by its own prompt; only ever after the person's allow.
    func unlock() async throws(ClientError)
    /// The same for storing a key: what is in the keyring need not be readable for that.
    func unlockForStoring() async throws(ClientError)
}

extension ClientRegistry: ClientStore {}

/// What the person has decided for more than once.
package protocol GrantStore: Sendable {
    /// What is decided about each of these now, in their order.
    func decisions(on subjects: [GrantSubject]) async -> [GrantDecision]
    /// The session that runs now; a lock begins another.
    nonisolated var session: GrantSession { get }
    /// Remembers decisions; they count from now on, but none for a session that is over.
    ///
    /// - Throws: Why one that is meant for always couldn't be stored; it holds for this session then.
    func remember(_ grants: [Grant], in session: GrantSession?) async throws(ClientError)
    /// Forgets everything that was decided for a key.
    ///
    /// - Throws: Why it couldn't be deleted; it no longer counts all the same.
    func forget(fingerprint: String, mayAsk: Bool) async throws(ClientError)
}

extension GrantRegistry: GrantStore {}
