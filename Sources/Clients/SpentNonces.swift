// SPDX-License-Identifier: Apache-2.0

import Ciphers
package import KeePassHTTP

/// A nonce that may not come again, as it is kept: hashes alone, which say nothing of clients or keys.
package struct SpentNonce: Hashable, Sendable {
    /// Why it may not come again.
    enum Kind: UInt8, Sendable {
        /// It signed a change.
        case change = 1
        /// Too many fields under it didn't decrypt.
        case exhausted = 2
    }

    /// The first half of SHA-256 over the key's fingerprint and the nonce.
    struct Mark: Hashable, Sendable {
        let high: UInt64
        let low: UInt64
    }

    let mark: Mark
    /// Of the key, so that one client's can't fill the memory for all.
    let owner: UInt64
    /// Seconds since 1970.
    let time: UInt64

    /// Marks the nonce of a message.
    package init(_ nonce: Nonce, fingerprint: String, time: UInt64) {
        let digest = Digest.sha256(Array(fingerprint.utf8) + [0] + nonce.iv.bytes)
        mark = Mark(high: UInt64(bytes: digest[0..<8]), low: UInt64(bytes: digest[8..<16]))
        // A byte makes way for the kind in what is written.
        owner = UInt64(bytes: Digest.sha256(Array(fingerprint.utf8))[0..<8]) >> 8
        self.time = time
    }

    fileprivate init(mark: Mark, owner: UInt64, time: UInt64) {
        (self.mark, self.owner, self.time) = (mark, owner, time)
    }
}

/// All nonces that may not come again, and how they are written: records of one length, the newest last.
struct SpentNonces: Sendable {
    private struct Entry {
        let kind: SpentNonce.Kind
        let owner: UInt64
        let time: UInt64
    }

    /// How long a change's nonce is kept, in seconds; one that is used up is kept as long as there is room.
    static let lifetime: UInt64 = 86_400
    /// How many of one key's changes are kept, how many of all keys', and how many that are used up.
    static let limitPerOwner = 8192
    static let limit = 65_536
    static let exhaustedLimit = 4096
    /// The length of a record, and what a file begins with.
    static let recordLength = 32
    static let header = Array("Keybell: hashes of spent nonces\n".utf8)

    private var entries: [SpentNonce.Mark: Entry] = [:]
    private var changesOfOwner: [UInt64: Int] = [:]
    private var changes = 0
    /// In order of arrival.
    private var exhausted: [SpentNonce.Mark] = []

    var count: Int { entries.count }

    /// Whether a nonce may not come again: at all, or for a change or a client that uses no nonce twice.
    func holds(_ spent: SpentNonce, asChange: Bool) -> Bool {
        guard let entry = entries[spent.mark] else { return false }
        return asChange || entry.kind == .exhausted
    }

    /// Adds a nonce; false if it is there, or there is no room.
    mutating func insert(_ spent: SpentNonce, _ kind: SpentNonce.Kind) -> Bool {
        let former = entries[spent.mark]?.kind
        guard former == nil || former == .change && kind == .exhausted else { return false }
        switch kind {
        case .change:
            if isFull(for: spent.owner) { expire(at: spent.time) }
            guard !isFull(for: spent.owner) else { return false }
            changes += 1
            changesOfOwner[spent.owner, default: 0] += 1
        case .exhausted:
            if former == .change { remove(spent.mark) }
            if exhausted.count >= Self.exhaustedLimit { entries[exhausted.removeFirst()] = nil }
            exhausted.append(spent.mark)
        }
        entries[spent.mark] = Entry(kind: kind, owner: spent.owner, time: spent.time)
        return true
    }

    /// Forgets changes that are older than they are kept.
    mutating func expire(at now: UInt64) {
        for (mark, entry) in entries
        where entry.kind == .change && entry.time < now && now - entry.time > Self.lifetime {
            remove(mark)
        }
    }

    /// What is to be written for one more nonce.
    static func record(_ spent: SpentNonce, _ kind: SpentNonce.Kind) -> [UInt8] {
        record(spent.mark, Entry(kind: kind, owner: spent.owner, time: spent.time))
    }

    /// The whole file.
    func encoded() -> [UInt8] {
        let sorted = entries.sorted { $0.value.time < $1.value.time }
        return Self.header + sorted.flatMap { Self.record($0.key, $0.value) }
    }

    /// Reads a file.
    ///
    /// - Returns: Nil for a file of something else. A last record that was cut off, or one of an unknown kind, is left
    ///   out: what it was about was never carried out.
    static func decode(_ bytes: [UInt8]) -> SpentNonces? {
        guard bytes.starts(with: header) else { return nil }
        var nonces = SpentNonces()
        for start in stride(from: header.count, through: bytes.count - recordLength, by: recordLength) {
            let record = bytes[start..<(start + recordLength)]
            guard let kind = SpentNonce.Kind(rawValue: record[start]) else { continue }
            let spent = SpentNonce(
                mark: .init(
                    high: UInt64(bytes: record[(start + 16)..<(start + 24)]),
                    low: UInt64(bytes: record[(start + 24)...])
                ),
                owner: UInt64(bytes: record[(start + 1)..<(start + 8)]),
                time: UInt64(bytes: record[(start + 8)..<(start + 16)])
            )
            _ = nonces.insert(spent, kind)  // one that is there twice is there
        }
        return nonces
    }

    private static func record(_ mark: SpentNonce.Mark, _ entry: Entry) -> [UInt8] {
        [entry.kind.rawValue] + entry.owner.bigEndianBytes.dropFirst() + entry.time.bigEndianBytes
            + mark.high.bigEndianBytes + mark.low.bigEndianBytes
    }

    private func isFull(for owner: UInt64) -> Bool {
        changes >= Self.limit || changesOfOwner[owner, default: 0] >= Self.limitPerOwner
    }

    private mutating func remove(_ mark: SpentNonce.Mark) {
        guard let entry = entries.removeValue(forKey: mark), entry.kind == .change else { return }
        changes -= 1
        let left = changesOfOwner[entry.owner, default: 1] - 1
        changesOfOwner[entry.owner] = left > 0 ? left : nil
    }
}

extension UInt64 {
    fileprivate init(bytes: ArraySlice<UInt8>) {
        self = bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    fileprivate var bigEndianBytes: [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: self >> UInt64($0)) }
    }
}
