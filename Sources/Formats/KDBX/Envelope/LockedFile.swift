// SPDX-License-Identifier: Apache-2.0

import Ciphers

/// A file that has been looked at as far as that goes without its key.
package struct LockedFile: Sendable {
    /// Its header, complete and understood.
    package let header: OuterHeader
    let bytes: [UInt8]
    /// The part that the header's checksums are over.
    let headerBytes: [UInt8]

    /// Looks at a file.
    /// - Parameter bytes: All of it.
    /// - Throws: Why it isn't a file that can be opened, whatever the key; including a header that doesn't match its
    ///   checksum.
    package init(parsing bytes: [UInt8]) throws(KDBXError) {
        var reader = ByteReader(bytes)
        header = try OuterHeader(&reader)
        headerBytes = Array(bytes[..<reader.position])
        self.bytes = bytes
        // Before anything in it is believed. Version 3 has its checksum inside.
        if header.version.isModern {
            let hash = Array(try reader.take(32))
            guard Digest.sha256(headerBytes) == hash else { throw .damaged(.headerHash) }
        }
        _ = try (header.nonce, header.masterSeed, header.compression, header.keyDerivation)
    }

    /// Checks, as far as that goes without a key, that the file is all there: in version 3 its end is encrypted.
    ///
    /// - Throws: `truncated`.
    package func checkLength() throws(KDBXError) {
        var reader = ByteReader(bytes, from: headerBytes.count)
        guard header.version.isModern else {
            guard reader.left > 0 else { throw .truncated }
            return
        }
        // The header's checksum and its code.
        _ = try reader.take(64)
        try AuthenticatedBlocks.skip(&reader)
    }

    /// Derives the key for this file; takes as long as its owner has chosen, so it is never called on an actor.
    ///
    /// - Parameters:
    ///   - key: The password, the key file.
    ///   - limits: What it may cost.
    ///   - deriver: Who does it.
    /// - Returns: The key, good for this file until it is written anew.
    /// - Throws: `tooCostly`, `cancelled`, `failed`.
    package func derive(
        _ key: CompositeKey,
        limits: KDBXLimits = KDBXLimits(),
        by deriver: any KeyDeriver = DirectDeriver()
    ) throws(KDBXError) -> DerivedKey {
        try key.derived(by: header.keyDerivation, of: header.version, limits, deriver)
    }

    /// Decrypts and reads it.
    /// - Parameters:
    ///   - key: What `derive` gave.
    ///   - limits: How large it may be.
    /// - Returns: The database.
    /// - Throws: `wrongKey`, also for a key derived for another file, or what is wrong with the file; `cancelled` if
    ///   the task is.
    package func open(_ key: DerivedKey, limits: KDBXLimits = KDBXLimits()) throws(KDBXError) -> Database {
        guard try header.keyDerivation == key.derivation else { throw .wrongKey }
        return header.version.isModern ? try openModern(key, limits) : try openOld(key, limits)
    }
}

extension Database {
    /// Reads a file in one go.
    /// - Parameters:
    ///   - bytes: All of it.
    ///   - key: The password, the key file.
    ///   - limits: What it may cost.
    ///   - deriver: Who derives the key.
    /// - Throws: What `LockedFile` throws.
    package init(
        reading bytes: [UInt8],
        key: CompositeKey,
        limits: KDBXLimits = KDBXLimits(),
        by deriver: any KeyDeriver = DirectDeriver()
    ) throws(KDBXError) {
        let file = try LockedFile(parsing: bytes)
        self = try file.open(file.derive(key, limits: limits, by: deriver), limits: limits)
    }
}
