// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory
import Testing

@testable import KDBX

/// A whole small file, altered at every place: never opened as if nothing were wrong, never a trap.
@Suite struct DamageTests {
    static let layouts = [
        Layout(version: .v3_1, keyDerivation: .aes(rounds: 10), compression: .none, protection: .salsa20),
        Layout(version: .v3_1, cipher: .chaCha20, keyDerivation: .aes(rounds: 10), protection: .salsa20),
        Layout(version: .v4_0, cipher: .twofish256, keyDerivation: .aes(rounds: 10), compression: .none),
        Layout(version: .v4_1, keyDerivation: .argon2(.init(.id, memory: 8 << 10, iterations: 1, lanes: 1))),
    ]

    /// An altered cost must not become a long one.
    static let limits: KDBXLimits = {
        var limits = KDBXLimits()
        limits.aesRounds = 10_000
        limits.argon2Memory = 1 << 20
        limits.argon2Work = 2 << 20
        limits.argon2Threads = 4
        limits.contentSize = 1 << 20
        return limits
    }()

    static func small(_ layout: Layout) throws -> (file: [UInt8], key: CompositeKey, database: Database) {
        var database = Database(new: "Small", layout, at: SampleDatabase.then)
        let root = try #require(database.root.id)
        let fields = [FieldChange("Title", "one"), FieldChange("Password", "secret")]
        _ = try database.addEntry(to: root, fields, at: SampleDatabase.then)
        let key = try CompositeKey.password("demopass")
        return (try database.written(key: key).file, key, database)
    }

    @Test(arguments: layouts)
    func `a file with any bit flipped is refused, or reads as the very same`(layout: Layout) throws {
        let (file, key, database) = try Self.small(layout)
        let disclosure = try DatabaseContents(database)
        for index in file.indices {
            var altered = file
            altered[index] ^= 1 << UInt8(index % 8)
            let read: Database
            do throws(KDBXError) {
                read = try Database(reading: altered, key: key, limits: Self.limits)
            } catch {
                #expect(error != .failed && error != .cancelled, "byte \(index)")
                continue
            }
            // Version 3 does not authenticate everything: the end of its header, say.
            #expect(layout.version == .v3_1, "byte \(index)")
            #expect(try DatabaseContents(read) == disclosure, "byte \(index)")
        }
    }

    @Test(arguments: layouts)
    func `a file that is cut off anywhere is refused`(layout: Layout) throws {
        let (file, key, _) = try Self.small(layout)
        for length in file.indices {
            #expect(throws: KDBXError.self, "cut at \(length)") {
                try Database(reading: Array(file[..<length]), key: key, limits: Self.limits)
            }
        }
    }

    @Test(arguments: layouts[2...])
    func `that a file of version 4 is cut off shows without its key`(layout: Layout) throws {
        let (file, _, _) = try Self.small(layout)
        try LockedFile(parsing: file).checkLength()
        let start = try LockedFile(parsing: file).headerBytes.count + 32
        for length in start..<file.count {
            #expect(throws: KDBXError.truncated, "cut at \(length)") {
                try LockedFile(parsing: Array(file[..<length])).checkLength()
            }
        }
    }

    @Test func `a flipped byte of the header is told from a wrong key`() throws {
        let (file, key, _) = try Self.small(Self.layouts[3])
        let header = try LockedFile(parsing: file).headerBytes.count
        for (place, error) in [
            (header - 40, KDBXError.damaged(.headerHash)), (header + 2, .damaged(.headerHash)),
            (header + 40, .damaged(.headerHash)), (header + 70, .damaged(.block)),
            (file.count - 10, .damaged(.block)),
        ] {
            var altered = file
            altered[place] ^= 0x10
            #expect(throws: error, "byte \(place)") { try Database(reading: altered, key: key) }
        }
    }

    @Test func `content of version 3 that is damaged at its end is not taken for a wrong key`() throws {
        let (file, key, _) = try Self.small(Self.layouts[0])
        var altered = file
        altered[file.count - 1] ^= 0xFF
        #expect(throws: KDBXError.damaged(.content)) { try Database(reading: altered, key: key) }
    }

    @Test func `nonsense of any length is refused`() {
        for length in 0..<64 {
            #expect(throws: KDBXError.notKDBX) {
                try LockedFile(parsing: [UInt8](repeating: 0x5A, count: length))
            }
        }
    }
}
