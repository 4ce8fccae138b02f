// SPDX-License-Identifier: Apache-2.0

package import Callers

/// The program at the other end of a connection, as far as an operation needs to know it.
package protocol Visitor: Sendable {
    /// The `Origin` header of this request, claimed by the peer.
    var origin: String? { get }

    /// Who rings: dear on the first call of a connection (it searches `/proc`), kept from then on.
    func caller() async -> Caller
}
