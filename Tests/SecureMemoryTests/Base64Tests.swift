// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Testing

@Suite struct Base64Tests {
    /// The vectors of RFC 4648, section 10.
    static let vectors = [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ]

    @Test(arguments: vectors)
    func `the vectors of the RFC hold both ways`(plain: String, text: String) {
        #expect(Base64.encode(Array(plain.utf8)) == text)
        #expect(Base64.decode(text) == Array(plain.utf8))
        #expect(SecretBytes(utf8: plain).base64() == SecretBytes(utf8: text))
        #expect(SecretBytes(base64: text) == SecretBytes(utf8: plain))
        #expect(SecretBytes(base64: SecretBytes(utf8: text)) == SecretBytes(utf8: plain))
    }

    @Test func `every request of the alphabet has its place`() {
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        let bytes = Base64.decode(alphabet)
        #expect(bytes?.prefix(6) == [0x00, 0x10, 0x83, 0x10, 0x51, 0x87])
        #expect(bytes.map(Base64.encode) == alphabet)
    }

    @Test func `every byte outside the alphabet is refused`() {
        let allowed = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/ \t\r\n".utf8)
        for byte in UInt8.min...UInt8.max where byte < 128 && !allowed.contains(byte) {
            let text = String(decoding: [65, 65, byte, 65], as: UTF8.self)
            #expect(Base64.decode(text) == nil, "byte \(byte)")
        }
        #expect(Base64.decode("Zm9é") == nil)
    }

    @Test(arguments: ["Zm9v\r\nYmFy", " Zm9vYmFy\n", "Zm\n9v\tYm\nFy", "Z m 9 v Y m F y"])
    func `white space is passed over`(text: String) {
        #expect(Base64.decode(text) == Array("foobar".utf8))
    }

    @Test(arguments: [
        "Z", "Zg", "Zg=", "Zg===", "Zm9v=", "====", "=", "Z=g=", "Zh==", "Zm9=", "Zm9vYg==Zg==", "Zm9_",
    ])
    func `what is not exactly base64 is refused`(text: String) {
        #expect(Base64.decode(text) == nil)
        #expect(SecretBytes(base64: text) == nil)
    }

    @Test func `every length comes back`() {
        for length in 0...130 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 89 + length) }
            let text = Base64.encode(bytes)
            #expect(text.utf8.count == Base64.encodedCount(length))
            #expect(Base64.decode(text) == bytes)
        }
    }
}
