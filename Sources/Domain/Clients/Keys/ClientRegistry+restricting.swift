// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import DisplayText
import Logging
import SecretService
package import Vault

// A provider that is killed may lose what it has just been given: so the state folder has it first, and until the keyring has
// had it for a while.
extension ClientRegistry {
    /// Restricts a client to a part of the vaults, or to nothing any more; from the return on that counts, also after a restart
    /// and where the keyring loses it.
    ///
    /// - Parameters:
    ///   - id: The client's Id.
    ///   - fingerprint: Its key's; another key that has this Id by now is left alone.
    ///   - restriction: What it is restricted to.
    /// - Throws: What the keyring says, or that the state folder can't keep it.
    package func restrict(
        _ id: String,
        fingerprint: String,
        to restriction: ClientRestriction
    ) async throws(ClientError) {
        guard let name = PlainName(cleaning: id) else { throw .unknown(id) }
        do throws(KeyringError) { try await takeUpRestrictions() } catch { throw .keyring(error) }
        let isThere = try await write { [self] () async throws(KeyringError) in
            let same = try await keyring.items(schema: ClientItem.schema).filter {
                ClientItem.name($0) == name
            }
            let opened = try await keyring.openSecrets(of: same)
            let snapshot = ClientsSnapshot(
                same,
                opened,
                without: await forgotten,
                restricted: await restrictions
            )
            guard !snapshot.isLocked(name.text) else { throw .itemLocked }
            guard snapshot[name.text]?.client.fingerprint == fingerprint else { return false }
            let former = await restrictions[name, fingerprint]
            try await note(restriction, of: name, fingerprint, orBackTo: former)
            do throws(KeyringError) {
                // The doubles, too: one of them counts once the newest is gone.
                for item in same {
                    let attributes = ClientItem.attributes(item.attributes, restrictedTo: restriction)
                    try await keyring.change(item, attributes: attributes)
                }
            } catch {
                await drop(restriction, of: name, fingerprint, backTo: former)
                throw error
            }
            return true
        }
        guard isThere else { throw .unknown(id) }
    }

    /// What a client was restricted to before this daemon, and the keyring may have lost, counts for this one, too.
    ///
    /// - Throws: Why it isn't known what that is.
    func takeUpRestrictions() async throws(KeyringError) {
        guard let former = try await restrictionsFile?.takeUp() else { return }
        restrictions.add(former)
    }

    /// Gives what the keyring has lost to it once more, without asking the person, and forgets what it has for good.
    func settleRestrictions(by snapshot: ClientsSnapshot) {
        let (isSettled, lost) = restrictions.settle(by: snapshot, at: now())
        if isSettled || !lost.isEmpty { restrictionsFile?.keep(restrictions.record) }
        guard !lost.isEmpty else { return }
        writes.join { [weak self] in
            for known in lost { await self?.repeatRestriction(of: known) }
        }
    }

    /// The attributes that restrict a client, as far as they are known.
    func restricting(_ known: KnownClient?) -> [String: String] {
        guard let known else { return [:] }
        let recent = PlainName(cleaning: known.client.id).flatMap {
            restrictions[$0, known.client.fingerprint]
        }
        guard let recent else { return ClientItem.restricting(known.item.attributes) }
        return ClientItem.attributes([:], restrictedTo: recent)
    }

    /// A key was stored anew with what it is restricted to, if that was said.
    func replaceRestriction(of id: PlainName, _ fingerprint: String, by restriction: ClientRestriction?) {
        guard let restriction, restrictions[id, fingerprint] != nil else { return }
        restrictions.note(id, fingerprint, restriction, at: now())
        restrictionsFile?.keep(restrictions.record)
    }

    /// An Id is revoked.
    func endRestriction(of id: PlainName) {
        restrictions.forget(id)
        restrictionsFile?.keep(restrictions.record)
    }

    private func repeatRestriction(of known: KnownClient) async {
        guard let name = PlainName(cleaning: known.client.id),
            let restriction = restrictions[name, known.client.fingerprint]
        else { return }
        do throws(KeyringError) {
            let items = try await keyring.items(schema: ClientItem.schema)
            guard let item = items.first(where: { $0.path == known.item.path }) else { return }
            let attributes = ClientItem.attributes(item.attributes, restrictedTo: restriction)
            try await keyring.change(item, attributes: attributes, mayAsk: false)
            forgetKeys()
        } catch {
            // It counts all the same, and is tried again when the keys are read.
            logger.debug(
                "what a client is restricted to isn't kept yet",
                metadata: ["why": "\(error.advice)"]
            )
        }
    }

    private func note(
        _ restriction: ClientRestriction,
        of id: PlainName,
        _ fingerprint: String,
        orBackTo former: ClientRestriction?
    ) async throws(KeyringError) {
        restrictions.note(id, fingerprint, restriction, at: now())
        forgetKeys()
        guard let restrictionsFile else { return }
        restrictionsFile.keep(restrictions.record)
        guard await !restrictionsFile.isKept() else { return }
        drop(restriction, of: id, fingerprint, backTo: former)
        throw .forgottenUnwritable(restrictionsFile.path)
    }

    /// Takes back what the keyring didn't take, unless it was changed since.
    private func drop(
        _ restriction: ClientRestriction,
        of id: PlainName,
        _ fingerprint: String,
        backTo former: ClientRestriction?
    ) {
        guard restrictions[id, fingerprint] == restriction else { return }
        restrictions.note(id, fingerprint, former, at: now())
        restrictionsFile?.keep(restrictions.record)
    }
}
