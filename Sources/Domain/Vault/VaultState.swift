// SPDX-License-Identifier: Apache-2.0

package import ConcurrencyTools

/// What is in a vault at a moment, to tell later which of its logins have changed.
///
/// It holds none of the contents that it compares, so that it may outlive a lock.
package struct VaultState: Sendable {
    /// Where states are made and compared, which takes as long as there are logins.
    package static let comparing = TaskQueue(label: "org.keybell.comparing")

    /// A hash of everything but the secrets of each login, valid only in this process.
    private let logins: [LoginID: Int]
    /// A code for each login's secrets, the same for as long as they are; it reveals nothing about them.
    ///
    /// There isn't one if only whatever keeps the vault knows the secrets.
    package let codes: [LoginID: [UInt8]]

    /// Describes a state; takes as long as there are logins.
    package init(index: LoginIndex, codes: [LoginID: [UInt8]] = [:]) {
        logins = Dictionary(index.everything.map { ($0.id, $0.hashValue) }) { first, _ in first }
        self.codes = codes
    }

    /// The logins of a former state that are gone or not what they were, and new ones.
    package func changes(since former: VaultState) -> [LoginID] {
        former.logins.keys.filter { logins[$0] != former.logins[$0] || codes[$0] != former.codes[$0] }
            + logins.keys.filter { former.logins[$0] == nil }
    }
}
