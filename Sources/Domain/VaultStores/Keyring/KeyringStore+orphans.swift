// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Logging
import SecretService
import Vault

// What belonged to logins that are gone is deleted. With KeePassXC it is kept for a while: a login that has disappeared
// may just have been moved, to the recycle bin or out of the exposed group, and may come back.
extension KeyringStore {
    /// How long that is, in seconds.
    static let orphanTime: Int64 = 30 * 86_400

    /// Deletes what belonged to logins that are gone; if they may come back, it is noted, and deleted much later.
    func lookForOrphans() {
        guard let snapshot, var state = known else { return }
        let (former, now) = (state.orphans ?? [:], now())
        var orphans: [String: Int64] = [:]
        for id in snapshot.orphans where snapshot.extra(id).map({ mayReturn($0.item) }) ?? false {
            orphans[id.hex] = state.orphaned(id, now: now)
        }
        if orphans != former {
            state.orphans = orphans.isEmpty ? nil : orphans
            keep(state)
        }
        let over = snapshot.orphans.filter { id in
            orphans[id.hex].map { now - $0 >= Self.orphanTime } ?? true
        }
        // Once per run: a provider that would ask the person about it does so every time.
        for id in over where toldToDelete.insert(id).inserted {
            saves.join { await self.deleteExtra(of: id) }
        }
    }

    private func deleteExtra(of id: LoginID) async {
        guard let snapshot, snapshot.item(id) == nil, let extra = snapshot.extra(id) else { return }
        do throws(KeyringError) {
            let same = try await keyring.items(
                schema: LoginItem.schema,
                attributes: [LoginItem.Attribute.uuid: id.hex]
            )
            guard same.isEmpty else { return }
            try await keyring.delete(extra.item, mayAsk: false)
            await refresh([extra.item.path])
        } catch {
            logger.notice("What belonged to a deleted login is left", metadata: ["reason": "\(error)"])
        }
    }
}
