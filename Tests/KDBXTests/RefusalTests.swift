// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory
import Testing

@testable import KDBX

@Suite struct RefusalTests {
    /// A header of version 4 with a right checksum, whatever is in it.
    private func file(_ change: (inout OuterHeader) -> Void) -> [UInt8] {
        var header = Database(new: "x", SampleDatabase.layout, at: SampleDatabase.then).header
        change(&header)
        return header.encoded + Digest.sha256(header.encoded) + [UInt8](repeating: 0, count: 100)
    }

    private func withDerivation(_ change: (inout VariantDictionary) -> Void) -> [UInt8] {
        var dictionary = KeyDerivation.argon2(.init(.d, memory: 1 << 20, iterations: 2, lanes: 2))
            .dictionary(changing: VariantDictionary())
        change(&dictionary)
        return file { $0[.keyDerivation] = dictionary.encoded }
    }

    @Test func `an unknown cipher is named`() {
        let bytes = file { $0[.cipher] = [UInt8](repeating: 0xAB, count: 16) }
        let name = String(repeating: "ab", count: 16)
        #expect(throws: KDBXError.unsupportedCipher(name)) { try LockedFile(parsing: bytes) }
    }

    @Test func `an unknown key derivation is named`() {
        let bytes = withDerivation { $0["$UUID"] = .bytes([UInt8](repeating: 0xCD, count: 16)) }
        let name = String(repeating: "cd", count: 16)
        #expect(throws: KDBXError.unsupportedKeyDerivation(name)) { try LockedFile(parsing: bytes) }
    }

    @Test func `an unknown compression is refused`() {
        let bytes = file { $0[.compression] = UInt32(7).littleEndianBytes }
        #expect(throws: KDBXError.unsupportedCompression(7)) { try LockedFile(parsing: bytes) }
    }

    static let versions: [(UInt16, UInt16)] = [(2, 0), (3, 0), (4, 2), (5, 0)]

    @Test(arguments: versions)
    func `an unknown version is named`(major: UInt16, minor: UInt16) {
        let bytes = FormatVersion(major: major, minor: minor).encoded
        #expect(throws: KDBXError.unsupportedVersion(major: major, minor: minor)) {
            try LockedFile(parsing: bytes)
        }
    }

    static let costs: [(String, VariantDictionary.Value, KDBXError)] = [
        ("M", .uint64(1 << 40), .tooCostly(.memory)),
        ("M", .uint64(.max), .tooCostly(.memory)),
        ("I", .uint64(1 << 30), .tooCostly(.rounds)),
        ("I", .uint64(.max), .tooCostly(.rounds)),
        ("P", .uint32(65), .tooCostly(.threads)),
        ("P", .uint32(0), .damaged(.dictionary)),
        ("I", .uint64(0), .damaged(.dictionary)),
        ("M", .uint64(0), .damaged(.dictionary)),
        ("V", .uint32(0x14), .damaged(.dictionary)),
        ("S", .bytes([1, 2, 3]), .damaged(.dictionary)),
        ("S", .text("salt of the wrong type"), .damaged(.dictionary)),
    ]

    @Test(arguments: costs)
    func `an absurd cost is refused before it is paid`(
        name: String,
        value: VariantDictionary.Value,
        error: KDBXError
    ) throws {
        let bytes = withDerivation { $0[name] = value }
        let key = try CompositeKey.password("x")
        #expect(throws: error) { try LockedFile(parsing: bytes).derive(key) }
    }

    @Test func `absurd rounds of AES are refused before they are done`() throws {
        let bytes = file { $0.set(.aes(rounds: .max)) }
        let key = try CompositeKey.password("x")
        #expect(throws: KDBXError.tooCostly(.rounds)) { try LockedFile(parsing: bytes).derive(key) }
    }

    @Test func `the ceiling can be set`() throws {
        let bytes = file { $0.set(.aes(rounds: 1000)) }
        let key = try CompositeKey.password("x")
        var limits = KDBXLimits()
        limits.aesRounds = 999
        #expect(throws: KDBXError.tooCostly(.rounds)) {
            try LockedFile(parsing: bytes).derive(key, limits: limits)
        }
        limits.aesRounds = 1000
        #expect(throws: Never.self) { try LockedFile(parsing: bytes).derive(key, limits: limits) }
    }

    @Test func `a content that swells beyond the limit is refused`() throws {
        let (file, key, _) = try DamageTests.small(SampleDatabase.layout)
        var limits = KDBXLimits()
        limits.contentSize = 500
        #expect(throws: KDBXError.tooLarge) { try Database(reading: file, key: key, limits: limits) }
    }

    @Test func `a derivation with AES ends when its task is cancelled`() async throws {
        let bytes = file { $0.set(.aes(rounds: 1_000_000_000)) }
        let key = try CompositeKey.password("x")
        let task = Task { try LockedFile(parsing: bytes).derive(key) }
        task.cancel()
        await #expect(throws: KDBXError.cancelled) { try await task.value }
    }

    @Test func `no key at all is refused`() {
        #expect(throws: KDBXError.noKey) { try CompositeKey(password: nil) }
    }
}
