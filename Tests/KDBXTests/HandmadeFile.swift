// SPDX-License-Identifier: Apache-2.0

import Ciphers
import Gzip
import SecureMemory
import Testing

@testable import KDBX

/// A file of version 4 with whatever content, encrypted and authenticated as it should be: what somebody who knows the
/// password can make.
enum HandmadeFile {
    static func make(_ xml: String, innerFields: [UInt8] = []) throws -> (file: [UInt8], key: CompositeKey) {
        try make(Array(xml.utf8), innerFields: innerFields)
    }

    static func make(
        _ xml: [UInt8],
        innerFields: [UInt8] = []
    ) throws -> (file: [UInt8], key: CompositeKey) {
        var header = Database(new: "", SampleDatabase.layout, at: SampleDatabase.then).header
        header[.masterSeed] = Randomness.bytes(32)
        header[.nonce] = Randomness.bytes(16)
        let key = try CompositeKey.password("demopass")
        let derived = try key.derived(
            by: header.keyDerivation,
            of: header.version,
            KDBXLimits(),
            DirectDeriver()
        )
        let stream = InnerStream(fresh: .chaCha20)
        var content = InnerHeader().encoded(stream: stream)
        content.insert(contentsOf: innerFields, at: 0)
        let compressed = try GzipStream.compress(content + xml)
        let encrypted = try header.cipher.encrypt(
            compressed,
            key: derived.contentKey(for: header),
            nonce: header.nonce
        )
        let encoded = header.encoded
        let keys = try derived.blockKeys(for: header)
        let file =
            encoded + Digest.sha256(encoded) + HMAC.sha256(key: keys.key(BlockKeys.header), encoded)
            + AuthenticatedBlocks.write(encrypted, keys: keys)
        return (file, key)
    }

    /// What the outermost group of all is known by, so that they can be merged.
    private static let root = Identifier.random().base64

    /// A database of one group with these elements in it.
    static func xml(_ content: String, meta: String = "", deleted: String = "") -> String {
        """
        <KeePassFile><Meta>\(meta)</Meta><Root><Group><UUID>\(root)</UUID><Name>r</Name>\
        \(content)</Group><DeletedObjects>\(deleted)</DeletedObjects></Root></KeePassFile>
        """
    }

    static func read(_ xml: String) throws -> Database {
        let (file, key) = try make(xml)
        return try Database(reading: file, key: key)
    }
}
