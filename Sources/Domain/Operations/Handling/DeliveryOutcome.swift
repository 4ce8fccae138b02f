// SPDX-License-Identifier: Apache-2.0

/// What became of an answer, as far as the side that sends it can tell.
package enum DeliveryOutcome: Sendable, Equatable {
    /// All of it was taken by the kernel, for a peer that was still there then.
    case arrived
    /// The peer hung up, and may have read part of it or all: only the peer knows how much.
    case uncertain
    /// Certainly not a byte of its body went out.
    case notSent
}
