// SPDX-License-Identifier: Apache-2.0

/// Records that the file of nonces doesn't have yet, as long as they are few; more are written with all others, anew.
struct UnwrittenNonces {
    /// How many are kept for being appended.
    static let most = 8192

    private(set) var records: [UInt8] = []
    /// Whether there were more than are kept, so that the file has to be written anew.
    private(set) var areTooMany = false

    var isEmpty: Bool { records.isEmpty && !areTooMany }

    mutating func add(_ record: [UInt8]) {
        guard !areTooMany else { return }
        records += record
        guard records.count > Self.most * UsedNonce.recordLength else { return }
        (records, areTooMany) = ([], true)
    }
}
