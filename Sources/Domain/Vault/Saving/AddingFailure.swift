// SPDX-License-Identifier: Apache-2.0

/// Why logins that were to be added at once aren't all in the vault.
package struct AddingFailure: Error, Equatable, Sendable {
    /// What kept them from being added.
    package let reason: VaultError
    /// Those that are in the vault nevertheless, since they couldn't be taken back, by their places among the drafts.
    ///
    /// Always empty for a storage that writes all at once.
    package let added: [Int: LoginID]
    /// Whether others of them may be in the vault, too, now or later: the storage doesn't say.
    package let isUndecided: Bool

    /// Describes a failure that has left nothing, or just these.
    package init(_ reason: VaultError, added: [Int: LoginID] = [:], isUndecided: Bool = false) {
        self.reason = reason
        self.added = added
        self.isUndecided = isUndecided
    }
}
