// SPDX-License-Identifier: Apache-2.0

/// What is in a vault at a moment, to tell later which of its logins have become others.
package struct VaultState: Sendable {
    /// All but the secrets.
    package let index: LoginIndex
    /// A code for each login's secrets, the same as long as they are; it says nothing of them.
    ///
    /// There is none where only whatever keeps the vault knows the secrets.
    package let codes: [LoginID: [UInt8]]

    /// Describes a state.
    package init(index: LoginIndex, codes: [LoginID: [UInt8]] = [:]) {
        self.index = index
        self.codes = codes
    }

    /// The logins of a former state that are gone or not what they were, and new ones.
    package func changes(since former: VaultState) -> [LoginID] {
        let changed = index.changes(since: former.index)
        let known = Set(changed)
        return changed
            + former.codes.filter { codes[$0.key] != $0.value && !known.contains($0.key) }.map(\.key)
    }
}
