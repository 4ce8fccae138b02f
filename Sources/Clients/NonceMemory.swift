// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP

/// What one key's messages have used up: the nonces that may not come again.
///
/// It only ever takes in nonces of messages that were verified, so a stranger can't fill it. What is kept to
/// stop a change from being repeated, or a padding from being guessed, is never forgotten while the daemon
/// lives: a memory that is full refuses instead. The nonces of mere reads make room for newer ones; a read that
/// is so old gives its repeater nothing but what is encrypted for the key's owner.
///
/// `NonceLedger` has the changes' nonces, too: past a restart, but for a day only. What is here holds between the
/// judging of a change and its being written down, and for as long as the daemon lives.
struct NonceMemory {
    /// How many requests whose fields don't decrypt use a nonce up.
    static let strikesPerNonce = 8
    /// How many nonces of reads are remembered.
    static let rememberedReads = 4096
    /// How many nonces of changes, and how many with strikes, are remembered.
    static let limit = 65_536

    private var reads = RecentNonces(limit: rememberedReads)
    private var changes: Set<Nonce> = []
    private var strikes: [Nonce: Int] = [:]

    /// Whether a verified message is to be taken; it is remembered if so.
    ///
    /// - Parameters:
    ///   - nonce: The message's nonce.
    ///   - isHeld: Whether the client uses Hmacs, and so may use no nonce twice.
    ///   - isChange: Whether the message would change something, and so may not be repeated.
    /// - Returns: False for what is to be refused.
    mutating func admit(_ nonce: Nonce, isHeld: Bool, isChange: Bool) -> Bool {
        guard strikes[nonce, default: 0] < Self.strikesPerNonce else { return false }
        if strikes.count >= Self.limit { return false }
        if isHeld, reads.contains(nonce) || changes.contains(nonce) { return false }
        if isChange {
            guard changes.count < Self.limit, changes.insert(nonce).inserted else { return false }
        }
        reads.insert(nonce)
        return true
    }

    /// Counts a request under this nonce whose fields did not decrypt.
    ///
    /// - Returns: Whether that was the last that it may have.
    mutating func strike(_ nonce: Nonce) -> Bool {
        strikes[nonce, default: 0] += 1
        return strikes[nonce] == Self.strikesPerNonce
    }
}

/// The newest of many nonces.
private struct RecentNonces {
    private let limit: Int
    private var known: Set<Nonce> = []
    /// In order of arrival, from `next` on round the ring once it is full.
    private var ring: [Nonce] = []
    private var next = 0

    init(limit: Int) {
        self.limit = limit
    }

    func contains(_ nonce: Nonce) -> Bool { known.contains(nonce) }

    mutating func insert(_ nonce: Nonce) {
        guard known.insert(nonce).inserted else { return }
        guard ring.count == limit else { return ring.append(nonce) }
        known.remove(ring[next])
        ring[next] = nonce
        next = (next + 1) % limit
    }
}
