// SPDX-License-Identifier: Apache-2.0

import Ciphers
import Gzip
import SecureMemory
import XMLTree

extension LockedFile {
    // Version 4: header, its SHA-256, its HMAC, authenticated blocks of encrypted (compressed (inner header, XML)).
    func openModern(_ key: DerivedKey, _ limits: KDBXLimits) throws(KDBXError) -> Database {
        var reader = ByteReader(bytes, from: headerBytes.count + 32)
        let keys = try key.blockKeys(for: header)
        let code = Array(try reader.take(32))
        guard constantTimeEquals(code, HMAC.sha256(key: keys.key(BlockKeys.header), headerBytes)) else {
            // A block that this key authenticates shows that it isn't the key that is wrong.
            throw AuthenticatedBlocks.isFirstGood(reader, keys: keys) ? .damaged(.headerHash) : .wrongKey
        }
        let encrypted = try AuthenticatedBlocks.read(&reader, keys: keys)
        try Self.goOn()
        guard var plain = try decrypt(encrypted, key) else { throw .damaged(.content) }
        let size = plain.count
        var content = try decompress(plain, limits)
        plain.wipe()
        defer { content.wipe() }
        var inner = ByteReader(content)
        let (innerHeader, stream) = try InnerHeader.read(&inner)
        let start = inner.position
        return try read(content[start...], innerHeader, stream, limits.nodes(in: size))
    }

    // Version 3: header, encrypted (bytes that the header repeats, hashed blocks of compressed XML).
    func openOld(_ key: DerivedKey, _ limits: KDBXLimits) throws(KDBXError) -> Database {
        guard let number = UInt32(littleEndian: try header.required(.innerStream)) else {
            throw .damaged(.header)
        }
        let streamKey = SecretBytes(copying: try header.required(.streamKey))
        let stream = try InnerStream(number: number, key: streamKey)
        let start = try header.required(.streamStart, count: 32)
        let encrypted = Array(bytes[headerBytes.count...])
        guard !encrypted.isEmpty else { throw .truncated }
        // The blocks themselves say where they end. Old programs padded what follows with zeros.
        let cipher = try header.cipher
        guard
            var plain = cipher.decryptBeginning(
                encrypted,
                key: try key.contentKey(for: header),
                nonce: try header.nonce
            )
        else {
            throw try isKeyRight(key, start: start, encrypted) ? .damaged(.content) : .wrongKey
        }
        defer { plain.wipe() }
        var reader = ByteReader(plain, from: min(start.count, plain.count))
        guard plain.starts(with: start) else {
            // Blocks that are whole show that it isn't the key that is wrong.
            throw (try? HashedBlocks.read(&reader)) != nil ? .damaged(.headerHash) : .wrongKey
        }
        var blocks: [UInt8]
        do throws(KDBXError) {
            blocks = try HashedBlocks.read(&reader)
        } catch {
            // Broken to the end, not just in one block.
            throw cipher == .chaCha20 || BulkCipher.endsWithPadding(plain) ? error : .damaged(.content)
        }
        guard cipher.isPadding(plain[reader.position...]) else {
            blocks.wipe()
            throw .damaged(.content)
        }
        let size = blocks.count
        var text = try decompress(blocks, limits)
        blocks.wipe()
        defer { text.wipe() }
        var database = try read(text[...], InnerHeader(), stream, limits.nodes(in: size))
        // What is compressed within the text is limited by the text's size.
        database.inflationBudget = InflationBudget(limits.inflated(from: text.count))
        // Older writers leave it out.
        if let hash = database.meta("HeaderHash"), !hash.isEmpty {
            guard Base64.decode(hash) == Digest.sha256(headerBytes) else { throw .damaged(.headerHash) }
        }
        return database
    }

    private func read(
        _ text: ArraySlice<UInt8>,
        _ innerHeader: InnerHeader,
        _ stream: InnerStream,
        _ limits: Document.Limits
    ) throws(KDBXError) -> Database {
        try Self.goOn()
        var document: Document
        do throws(XMLError) {
            document = try Document(parsing: text, limits: limits)
        } catch .malformed where Self.hasNull(text) {
            throw .damaged(.nullCharacter)
        } catch {
            throw KDBXError(error)
        }
        try Self.goOn()
        try ProtectedValues.seal(in: &document, stream)
        let database = try Database(
            header: header,
            innerHeader: innerHeader,
            innerStream: stream.kind,
            document: document
        )
        try Self.goOn()
        return database
    }

    /// - Throws: `cancelled` if the task is: a large file takes seconds that nobody waits for.
    private static func goOn() throws(KDBXError) {
        if Task.isCancelled { throw .cancelled }
    }

    /// Whether there is a NUL in a text, as it is or as a reference.
    private static func hasNull(_ text: ArraySlice<UInt8>) -> Bool {
        if text.contains(0) { return true }
        var rest = text
        while let start = rest.firstIndex(of: UInt8(ascii: "&")) {
            let reference = rest[start...].prefix(16)
            for null in ["&#0", "&#x0", "&#X0"] where reference.starts(with: null.utf8) {
                let digits = reference.dropFirst(null.utf8.count).prefix { $0 != UInt8(ascii: ";") }
                if digits.allSatisfy({ $0 == UInt8(ascii: "0") }) { return true }
            }
            rest = rest[(start + 1)...]
        }
        return false
    }

    /// The decrypted content, or nil if what came out can't be it.
    private func decrypt(_ encrypted: [UInt8], _ key: DerivedKey) throws(KDBXError) -> [UInt8]? {
        let (cipher, nonce) = (try header.cipher, try header.nonce)
        let contentKey = try key.contentKey(for: header)
        do throws(CipherError) {
            return try cipher.decrypt(encrypted, key: contentKey, nonce: nonce)
        } catch .badPadding, .badLength {
            return nil
        } catch {
            throw .failed
        }
    }

    /// Whether the first blocks, whatever is wrong further on, decrypt to what the header says.
    private func isKeyRight(
        _ key: DerivedKey,
        start: [UInt8],
        _ encrypted: [UInt8]
    ) throws(KDBXError) -> Bool {
        let (cipher, nonce) = (try header.cipher, try header.nonce)
        let contentKey = try key.contentKey(for: header)
        let beginning = Array(encrypted.prefix(start.count))
        return cipher.decryptBeginning(beginning, key: contentKey, nonce: nonce) == start
    }

    private func decompress(_ bytes: [UInt8], _ limits: KDBXLimits) throws(KDBXError) -> [UInt8] {
        guard try header.compression == .gzip else {
            guard bytes.count <= limits.contentSize else { throw .tooLarge }
            return bytes
        }
        do throws(GzipError) {
            return try GzipStream.decompress(bytes, limit: limits.inflated(from: bytes.count))
        } catch .tooLarge {
            throw limits.inflated(from: bytes.count) < limits.contentSize ? .excessive(.content) : .tooLarge
        } catch .failed {
            throw .failed
        } catch {
            throw .damaged(.content)
        }
    }
}
