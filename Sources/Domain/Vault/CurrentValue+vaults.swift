// SPDX-License-Identifier: Apache-2.0

package import ConcurrencyTools

extension CurrentValue where Value == [any VaultStore] {
    /// Does something alongside each vault, from when it joins these until its `changes` end, or until it is cancelled.
    package func follow(_ work: @escaping @Sendable (any VaultStore) async -> Void) async {
        let changes = changes()
        await withDiscardingTaskGroup { group in
            var followed: Set<ObjectIdentifier> = []
            func look() {
                let stores = value
                for store in stores where !followed.contains(ObjectIdentifier(store)) {
                    group.addTask { await work(store) }
                }
                followed = Set(stores.map { ObjectIdentifier($0) })
            }
            look()
            for await _ in changes { look() }
        }
    }
}
