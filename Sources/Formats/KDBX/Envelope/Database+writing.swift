// SPDX-License-Identifier: Apache-2.0

import Ciphers
import Gzip
import SecureMemory
import XMLTree

extension Database {
    /// Writes the file in the version and with the choices that it was read with, but with fresh keys throughout.
    ///
    /// Takes as long as opening it does, so it is never called on an actor.
    /// - Parameters:
    ///   - key: The password, the key file.
    ///   - limits: What the derivation may cost.
    ///   - deriver: What does it.
    /// - Returns: The file, and the key derived for it, by which it can be checked without deriving once more.
    /// - Throws: `tooCostly`, `cancelled`, `failed`; `unwritable`, since no character is ever left out.
    package func written(
        key: CompositeKey,
        limits: KDBXLimits = KDBXLimits(),
        by deriver: any KeyDeriver = DirectDeriver()
    ) throws(KDBXError) -> (file: [UInt8], key: DerivedKey) {
        let derivation = try header.keyDerivation.renewed()
        let derived = try key.derived(by: derivation, of: version, limits, deriver)
        return (try written(with: derived), derived)
    }

    /// Writes the file under a key that was derived before, which costs nothing; everything else is fresh, so that no
    /// two files have the same key and nonce.
    ///
    /// - Parameter derived: The key of another state of the file, of the same version.
    /// - Returns: The file.
    /// - Throws: `failed`; `unwritable`, since no character is ever left out.
    package func written(with derived: DerivedKey) throws(KDBXError) -> [UInt8] {
        var header = header
        header.set(derived.derivation)
        // Version 3 has no other derivation than AES.
        guard try header.keyDerivation == derived.derivation else { throw .failed }
        header[.masterSeed] = Randomness.bytes(32)
        header[.nonce] = Randomness.bytes(try header.cipher.nonceCount)
        let stream = InnerStream(fresh: innerStream)
        if !version.isModern {
            header[.innerStream] = stream.kind.rawValue.littleEndianBytes
            header[.streamKey] = stream.key.withSpan { key in key.indices.map { key[$0] } }
            header[.streamStart] = Randomness.bytes(32)
        }
        return version.isModern
            ? try modernFile(header, stream, derived) : try oldFile(header, stream, derived)
    }

    private func modernFile(
        _ header: OuterHeader,
        _ stream: InnerStream,
        _ key: DerivedKey
    ) throws(KDBXError) -> [UInt8] {
        var content = innerHeader.encoded(stream: stream)
        content += try ProtectedValues.text(of: document, stream)
        let encrypted = try encrypt(compress(content), header, key)
        content.wipe()
        let encoded = header.encoded
        let keys = try key.blockKeys(for: header)
        return encoded + Digest.sha256(encoded)
            + HMAC.sha256(key: keys.key(BlockKeys.header), encoded)
            + AuthenticatedBlocks.write(encrypted, keys: keys)
    }

    private func oldFile(
        _ header: OuterHeader,
        _ stream: InnerStream,
        _ key: DerivedKey
    ) throws(KDBXError) -> [UInt8] {
        let encoded = header.encoded
        var document = document
        let hash = Base64.encode(Digest.sha256(encoded))
        if let meta { document.setText(of: meta, child: "HeaderHash", to: hash) }
        let text = try ProtectedValues.text(of: document, stream)
        let content = try header.required(.streamStart) + HashedBlocks.write(compress(text))
        return encoded + (try encrypt(content, header, key))
    }

    private func compress(_ bytes: [UInt8]) throws(KDBXError) -> [UInt8] {
        guard try header.compression == .gzip else { return bytes }
        do throws(GzipError) { return try GzipStream.compress(bytes) } catch { throw .failed }
    }

    private func encrypt(
        _ bytes: [UInt8],
        _ header: OuterHeader,
        _ key: DerivedKey
    ) throws(KDBXError) -> [UInt8] {
        let (cipher, nonce) = (try header.cipher, try header.nonce)
        let contentKey = try key.contentKey(for: header)
        do throws(CipherError) {
            return try cipher.encrypt(bytes, key: contentKey, nonce: nonce)
        } catch {
            throw .failed
        }
    }
}
