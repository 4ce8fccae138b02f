// SPDX-License-Identifier: Apache-2.0

package import Callers

/// The program at the other end of a connection, as far as an operation needs to know it.
package protocol Requester: Sendable {
    /// Whether the peer can still take an answer; one that has half closed its connection can.
    var isThere: Bool { get }

    /// Who asks, for what needs no question: a grant, a limit, a record.
    ///
    /// Cheap while those who had the connection at the last look still have it; expensive if nobody has looked yet.
    func caller() async -> Caller

    /// Who asks, looked up anew with all that have had the connection since the request's first byte: for a question.
    ///
    /// Expensive: it searches `/proc`.
    func asker() async -> Caller
}
