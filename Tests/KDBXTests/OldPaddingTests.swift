// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory
import Testing

@testable import KDBX

/// Files of version 3, whose content says itself where it ends.
@Suite struct OldPaddingTests {
    private static let layout = Layout(version: .v3_1, cipher: .twofish256, keyDerivation: .aes(rounds: 10))

    /// A file whose padding is other bytes than those of PKCS#7.
    private func file(padding: (Int) -> [UInt8]) throws -> (bytes: [UInt8], key: CompositeKey) {
        let key = try CompositeKey.password("demopass")
        let written = try SampleDatabase.database(Self.layout).written(key: key)
        let locked = try LockedFile(parsing: written.file)
        let (cipher, nonce) = (try locked.header.cipher, try locked.header.nonce)
        let contentKey = try written.key.contentKey(for: locked.header)
        let encrypted = Array(written.file[locked.headerBytes.count...])
        let plain = try cipher.decrypt(encrypted, key: contentKey, nonce: nonce)
        let whole = plain + padding(16 - plain.count % 16)
        #expect(whole.count.isMultiple(of: 16))
        // What encrypting adds behind is a block of its own.
        let again = try cipher.encrypt(whole, key: contentKey, nonce: nonce).dropLast(16)
        return (locked.headerBytes + again, key)
    }

    @Test func `zeros behind the content are padding, as old programs wrote it`() throws {
        let (bytes, key) = try file { [UInt8](repeating: 0, count: $0) }
        #expect(
            try Database(reading: bytes, key: key).entries.count
                == SampleDatabase.database(Self.layout).entries.count
        )
    }

    @Test func `anything else behind the content is damage`() throws {
        for filler in [[UInt8](repeating: 7, count: 32), Array(2...33)] {
            let (bytes, key) = try file { Array(filler.prefix($0 == 7 ? $0 + 16 : $0)) }
            #expect(throws: KDBXError.damaged(.content)) { try Database(reading: bytes, key: key) }
        }
    }
}
