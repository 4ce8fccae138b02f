// SPDX-License-Identifier: Apache-2.0

/// All nonces that may not come again, by which `NonceRegistry` judges, and how they are written: records of one length, the
/// oldest first.
///
/// Only nonces of verified messages get in, so that nobody without a key can fill it. It never forgets the nonce of a
/// change within a day: if there is no room, the next change is refused. Reads make room for newer ones of the same
/// key.
struct UsedNonces: Sendable {
    private struct Entry {
        var kind: UsedNonce.Kind
        /// Whether it signed a change: kept as one, also once it is used up.
        var isChange: Bool
        let owner: UInt64
        let time: UInt64
    }

    /// How long a change's nonce is kept at least, in seconds.
    static let lifetime: UInt64 = 86_400
    /// How many of one key's changes are kept, and how many of all keys'.
    static let (changesPerOwner, mostChanges) = (8192, 65_536)
    /// The same for reads; if all keys together have too many, the key with the most makes room.
    static let (readsPerOwner, mostReads) = (16_384, 65_536)
    /// How many that are used up are kept.
    static let mostExhausted = 4096
    /// How many there may be altogether.
    static let limit = mostChanges + mostReads + mostExhausted
    /// What a file begins with; as long as a record.
    static let header = Array("Keybell: hashes of spent nonces\n".utf8)

    private var entries: [UsedNonce.Mark: Entry] = [:]
    private var changesOfOwner: [UInt64: Int] = [:]
    private var changes = 0
    /// The changes, the oldest first.
    private var changesByTime = MarksByTime()
    private var reads: [UInt64: MarkQueue] = [:]
    private var readCount = 0
    private var exhausted = MarkQueue()

    var count: Int { entries.count }

    /// Whether a nonce is known, for what it was used before.
    func kind(of spent: UsedNonce) -> UsedNonce.Kind? { entries[spent.mark]?.kind }

    /// Whether a key has ever used an Hmac in a read that is remembered.
    func hasReads(of owner: UInt64) -> Bool { reads[owner] != nil }

    /// Adds a nonce, or what more is known of one.
    ///
    /// - Returns: False if that is known already, or there is no room for it.
    mutating func insert(_ spent: UsedNonce, _ kind: UsedNonce.Kind) -> Bool {
        switch (entries[spent.mark]?.kind, kind) {
        case (nil, _), (.read, .change), (.read, .exhausted), (.change, .exhausted): break
        default: return false
        }
        switch kind {
        case .change:
            if isFull(for: spent.owner) { expire(at: spent.time) }
            guard !isFull(for: spent.owner) else { return false }
            changes += 1
            changesByTime.insert(spent.mark, at: spent.time)
            changesOfOwner[spent.owner, default: 0] += 1
        case .read: queueRead(spent)
        case .exhausted:
            if exhausted.count >= Self.mostExhausted { forgetOldestExhausted() }
            exhausted.append(spent.mark)
        }
        let wasChange = entries[spent.mark]?.isChange ?? false
        entries[spent.mark] = Entry(
            kind: kind,
            isChange: wasChange || kind == .change,
            owner: spent.owner,
            time: spent.time
        )
        return true
    }

    /// Adds what another memory has.
    mutating func merge(_ other: UsedNonces) {
        for (spent, kind) in other.inOrder { _ = insert(spent, kind) }  // what is there is there
    }

    /// The whole file.
    func encoded() -> [UInt8] {
        Self.header + inOrder.flatMap { $0.encoded(as: $1) }
    }

    /// Reads a file.
    ///
    /// - Returns: Nil for a file of something else. A last record that was cut off, or one of an unknown kind, is left
    ///   out: what it was about was never carried out.
    static func decode(_ bytes: [UInt8]) -> UsedNonces? {
        // A crash may have left nothing of it.
        guard !header.starts(with: bytes) else { return UsedNonces() }
        guard bytes.starts(with: header) else { return nil }
        var nonces = UsedNonces()
        let length = UsedNonce.recordLength
        for start in stride(from: header.count, through: bytes.count - length, by: length) {
            guard let (spent, kind) = UsedNonce.decode(bytes[start..<(start + length)]) else { continue }
            _ = nonces.insert(spent, kind)  // one that is there twice is there
        }
        return nonces
    }

    private var inOrder: [(UsedNonce, UsedNonce.Kind)] {
        entries.sorted { $0.value.time < $1.value.time }.flatMap {
            mark,
            entry -> [(UsedNonce, UsedNonce.Kind)] in
            let spent = UsedNonce(mark: mark, owner: entry.owner, time: entry.time)
            // In the order in which each of the two happened.
            return entry.isChange && entry.kind != .change
                ? [(spent, .change), (spent, entry.kind)] : [(spent, entry.kind)]
        }
    }

    /// Forgets changes that are older than they have to be kept; looks at no others.
    private mutating func expire(at now: UInt64) {
        guard now > Self.lifetime else { return }
        while let mark = changesByTime.removeFirst(before: now - Self.lifetime) { removeChange(mark) }
    }

    private func isFull(for owner: UInt64) -> Bool {
        changes >= Self.mostChanges || changesOfOwner[owner, default: 0] >= Self.changesPerOwner
    }

    private mutating func removeChange(_ mark: UsedNonce.Mark) {
        guard let entry = entries[mark], entry.isChange else { return }
        if entry.kind == .change { entries[mark] = nil } else { entries[mark]?.isChange = false }
        changes -= 1
        let left = changesOfOwner[entry.owner, default: 1] - 1
        changesOfOwner[entry.owner] = left > 0 ? left : nil
    }

    /// A change's nonce stays one: otherwise whoever has seen many could use them up until the change is forgotten.
    private mutating func forgetOldestExhausted() {
        guard let oldest = exhausted.removeFirst() else { return }
        if entries[oldest]?.isChange == true {
            entries[oldest]?.kind = .change
        } else {
            entries[oldest] = nil
        }
    }

    private mutating func queueRead(_ spent: UsedNonce) {
        if reads[spent.owner]?.count ?? 0 >= Self.readsPerOwner {
            forgetOldestRead(of: spent.owner)
        } else if readCount >= Self.mostReads,
            let largest = reads.max(by: { $0.value.count < $1.value.count })
        {
            forgetOldestRead(of: largest.key)
        }
        reads[spent.owner, default: MarkQueue()].append(spent.mark)
        readCount += 1
    }

    private mutating func forgetOldestRead(of owner: UInt64) {
        guard let oldest = reads[owner]?.removeFirst() else { return }
        readCount -= 1
        // It may have become something that is kept for longer.
        if entries[oldest]?.kind == .read { entries[oldest] = nil }
    }
}

/// Marks in order of arrival.
private struct MarkQueue {
    private var marks: [UsedNonce.Mark] = []
    private var first = 0

    var count: Int { marks.count - first }

    mutating func append(_ mark: UsedNonce.Mark) { marks.append(mark) }

    mutating func removeFirst() -> UsedNonce.Mark? {
        guard first < marks.count else { return nil }
        defer {
            first += 1
            // Removed marks are cleared out now and then, not each time.
            if first > 1024, 2 * first > marks.count {
                marks.removeFirst(first)
                first = 0
            }
        }
        return marks[first]
    }
}
