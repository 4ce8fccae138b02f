// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory
import Testing

@testable import KDBX

/// What a file can be like, in all combinations.
struct Combination: Sendable, CustomTestStringConvertible {
    enum KeyKind: String, CaseIterable { case password, emptyPassword, rawFile, hexFile, xmlFile, both }

    let layout: Layout
    let keyKind: KeyKind

    var testDescription: String {
        let derivation =
            switch layout.keyDerivation {
            case .aes: "AES-KDF"
            case .argon2(let parameters): "Argon2\(parameters.variant)"
            }
        return "\(layout.version.major).\(layout.version.minor) \(layout.cipher) \(derivation) "
            + "\(layout.compression) \(layout.protection) \(keyKind.rawValue)"
    }

    /// The password, where there is one.
    var password: String? {
        switch keyKind {
        case .password, .both: "demopass"
        case .emptyPassword: ""
        case .rawFile, .hexFile, .xmlFile: nil
        }
    }

    /// What is in the key file, where there is one: the numbers from 0 to 31 in all of them.
    var keyFile: [UInt8]? {
        let raw = [UInt8](0..<32)
        let digits = raw.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        switch keyKind {
        case .password, .emptyPassword: return nil
        case .rawFile, .both: return raw
        case .hexFile: return Array(digits.utf8)
        case .xmlFile:
            let xml = """
                <?xml version="1.0"?><KeyFile><Meta><Version>2.0</Version></Meta>
                <Key><Data Hash="630DCD29">\(digits)</Data></Key></KeyFile>
                """
            return Array(xml.utf8)
        }
    }

    func key() throws -> CompositeKey {
        try CompositeKey(password: password.map { SecretBytes(utf8: $0) }, keyFile: keyFile)
    }

    static let all: [Combination] = {
        var all: [Combination] = []
        for version in [FormatVersion.v3_1, .v4_0, .v4_1] {
            let derivations: [KeyDerivation] =
                [.aes(rounds: 10)]
                + (version == .v3_1
                    ? []
                    : Argon2.Variant.allCases.map {
                        .argon2(.init($0, memory: 16 << 10, iterations: 1, lanes: 1))
                    })
            for cipher in BulkCipher.allCases {
                for derivation in derivations {
                    for compression in Compression.allCases {
                        for protection in StreamCipher.Algorithm.allCases {
                            let layout = Layout(
                                version: version,
                                cipher: cipher,
                                keyDerivation: derivation,
                                compression: compression,
                                protection: protection
                            )
                            all += KeyKind.allCases.map { Combination(layout: layout, keyKind: $0) }
                        }
                    }
                }
            }
        }
        return all
    }()
}

@Suite struct KDBXRoundTripTests {
    @Test(arguments: Combination.all)
    func `what is written in any combination reads back the same`(combination: Combination) throws {
        let database = try SampleDatabase.database(combination.layout)
        let key = try combination.key()
        let (file, _) = try database.written(key: key)
        let again = try Database(reading: file, key: key)
        #expect(try DatabaseContents(again) == DatabaseContents(database))
        let wrong = try CompositeKey.password("Demopass")
        #expect(throws: KDBXError.wrongKey) { try Database(reading: file, key: wrong) }
    }

    @Test func `raw, hex and XML key files of one key are the same key`() throws {
        let layout = Layout(keyDerivation: .aes(rounds: 10))
        func key(_ kind: Combination.KeyKind) throws -> CompositeKey {
            try Combination(layout: layout, keyKind: kind).key()
        }
        let file = try SampleDatabase.database(layout).written(key: key(.rawFile)).file
        for kind in [Combination.KeyKind.hexFile, .xmlFile] {
            #expect(throws: Never.self) { try Database(reading: file, key: key(kind)) }
        }
    }

    @Test(arguments: [FormatVersion.v3_1, .v4_1])
    func `under a key that was derived before, everything else is fresh`(version: FormatVersion) throws {
        let database = try SampleDatabase.database(Layout(version: version, keyDerivation: .aes(rounds: 10)))
        let (file, derived) = try database.written(key: CompositeKey(password: SecretBytes(utf8: "demopass")))
        let again = try database.written(with: derived)
        let headers = try [file, again].map { try LockedFile(parsing: $0).header }
        for field in [OuterHeader.Field.masterSeed, .nonce] {
            #expect(headers[0][field] != headers[1][field])
        }
        #expect(try headers[0].keyDerivation == headers[1].keyDerivation)
        let opened = try LockedFile(parsing: again).open(derived)
        #expect(try DatabaseContents(opened) == DatabaseContents(database))
    }

    @Test func `no two writings share a key, a seed or a stream`() throws {
        let database = try SampleDatabase.database(Layout(keyDerivation: .aes(rounds: 10)))
        let key = try CompositeKey.password("demopass")
        let first = try LockedFile(parsing: database.written(key: key).file).header
        let second = try LockedFile(parsing: database.written(key: key).file).header
        #expect(try first.masterSeed != second.masterSeed)
        #expect(try first.nonce != second.nonce)
        #expect(try first.keyDerivation != second.keyDerivation)
    }

    @Test func `a key derived for one writing does not open the next`() throws {
        let database = try SampleDatabase.database(Layout(keyDerivation: .aes(rounds: 10)))
        let key = try CompositeKey.password("demopass")
        let first = try database.written(key: key)
        let second = try database.written(key: key)
        #expect(throws: Never.self) { try LockedFile(parsing: first.file).open(first.key) }
        #expect(throws: KDBXError.wrongKey) { try LockedFile(parsing: second.file).open(first.key) }
    }
}
