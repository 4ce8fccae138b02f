// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Where the records of an encrypted connection end: a value that is told what comes, before it is decrypted.
///
/// Nothing is decrypted of a record before all of it has come, so that a request can begin long before a byte of it can be
/// read.
struct TLSRecordFraming {
    /// A header: the kind, a version of two bytes, and the length of what follows.
    private static let headerLength = 5

    /// How many bytes of a header have come, if not all.
    private var header = 0
    /// What they say of the length.
    private var length = 0
    /// How many bytes of the record are missing behind its header.
    private var missing = 0

    /// Whether a record has begun and not all of it has come.
    var isWithinRecord: Bool { header > 0 || missing > 0 }

    /// These have come.
    mutating func take(_ bytes: ByteBufferView) {
        var bytes = bytes
        while let first = bytes.first {
            guard missing == 0 else {
                let content = min(missing, bytes.count)
                missing -= content
                bytes = bytes.dropFirst(content)
                continue
            }
            bytes = bytes.dropFirst()
            header += 1
            if header > Self.headerLength - 2 { length = length << 8 | Int(first) }
            if header == Self.headerLength { (missing, header, length) = (length, 0, 0) }
        }
    }
}
