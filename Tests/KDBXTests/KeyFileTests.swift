// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory
import Testing

@testable import KDBX

@Suite struct KeyFileTests {
    private static let raw = [UInt8](0..<32)
    private static let digits = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F"

    private static func xml(_ version: String, _ data: String) -> [UInt8] {
        Array("<KeyFile><Meta><Version>\(version)</Version></Meta><Key>\(data)</Key></KeyFile>".utf8)
    }

    static let same: [[UInt8]] = [
        raw,
        Array(digits.utf8),
        Array(digits.lowercased().utf8),
        xml("1.0", "<Data>AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=</Data>"),
        xml("1.00", "<Data>\n AAECAwQFBgcICQoL DA0ODxAREhMUFRYXGBkaGxwdHh8=\n</Data>"),
        xml("2.0", "<Data Hash=\"630DCD29\">\(digits)</Data>"),
        xml("2.0", "<Data Hash=\"630dcd29\">\n 00010203 04050607 \(digits.dropFirst(16))\n</Data>"),
        [0xEF, 0xBB, 0xBF] + xml("2.0", "<Data Hash=\"630DCD29\">\(digits)</Data>"),
    ]

    @Test(arguments: same)
    func `every way to write a key down is the same key`(file: [UInt8]) throws {
        #expect(try KeyFile.key(of: file) == SecretBytes(copying: Self.raw))
    }

    static let hashed: [[UInt8]] = [
        [1], Array("not a key file".utf8), [UInt8](repeating: 7, count: 31), [UInt8](repeating: 7, count: 33),
        Array(String(repeating: "g", count: 64).utf8), Array((digits + "\n").utf8), Array("<svg></svg>".utf8),
    ]

    @Test(arguments: hashed)
    func `any other file stands for its hash`(file: [UInt8]) throws {
        #expect(try KeyFile.key(of: file) == Digest.secretSHA256(SecretBytes(copying: file)))
    }

    static let broken: [([UInt8], KDBXError.KeyFileFault)] = [
        ([], .empty),
        (xml("3.0", "<Data>AAEC</Data>"), .version),
        (Array("<KeyFile><Key><Data>AAEC</Data></Key></KeyFile>".utf8), .version),
        (xml("1.0", ""), .malformed),
        (xml("1.0", "<Data>no base64!</Data>"), .malformed),
        (xml("2.0", "<Data Hash=\"00000000\">\(digits)</Data>"), .checksum),
        (xml("2.0", "<Data Hash=\"630DCD29\">\(digits.replacing("1F", with: "1E"))</Data>"), .checksum),
        (xml("2.0", "<Data>\(digits)</Data>"), .malformed),
        (xml("2.0", "<Data Hash=\"630DCD29\">\(digits.dropLast())</Data>"), .malformed),
    ]

    @Test(arguments: broken)
    func `a broken key file is told from a wrong one`(file: [UInt8], fault: KDBXError.KeyFileFault) {
        #expect(throws: KDBXError.keyFile(fault)) { try KeyFile.key(of: file) }
    }
}
