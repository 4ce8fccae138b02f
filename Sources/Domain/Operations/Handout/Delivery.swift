// SPDX-License-Identifier: Apache-2.0

package import Callers

/// Logins that have reached a client.
package struct Delivery: Sendable {
    /// The client's Id.
    package let client: String
    /// Who asked.
    package let caller: Caller
    /// Where for; nil where it was more than one host.
    package let host: String?
    /// How many logins.
    package let count: Int
    /// Whether their passwords went along.
    package let passwords: Bool
    /// Whether the person has just been asked about them.
    package let wasAsked: Bool
}
