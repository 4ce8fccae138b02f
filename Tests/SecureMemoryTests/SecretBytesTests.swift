// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Testing

@Suite struct SecretBytesTests {
    @Test func `a secret gives back the bytes it was made of`() {
        let secret = SecretBytes(copying: [1, 2, 3])
        #expect(secret.count == 3)
        #expect(bytes(of: secret) == [1, 2, 3])
    }

    @Test func `an empty secret is empty and equal to another`() {
        let secret = SecretBytes(utf8: "")
        #expect(secret.isEmpty)
        #expect(secret == SecretBytes(copying: []))
        #expect(secret.exposedText() == "")
        #expect(bytes(of: secret) == [])
    }

    @Test(arguments: [("a", "b"), ("a", "aa"), ("", "a"), ("password", "passworD")])
    func `different secrets are not equal`(left: String, right: String) {
        #expect(SecretBytes(utf8: left) != SecretBytes(utf8: right))
        #expect(SecretBytes(utf8: left) == SecretBytes(utf8: left))
    }

    @Test func `no way of printing shows the bytes`() {
        let secret = SecretBytes(utf8: "hunter2")
        var dumped = ""
        dump(["key": secret], to: &dumped)
        let prints = [
            "\(secret)", String(describing: secret), String(reflecting: secret), "\([secret])",
            "\(Optional(secret) as Any)", dumped,
        ]
        for print in prints {
            #expect(print.contains("SecretBytes(redacted)"))
            #expect(!print.contains("hunter2"))
            #expect(!print.contains("104"))
            #expect(!print.contains("count"))
        }
        #expect(Mirror(reflecting: secret).children.isEmpty)
    }

    @Test func `secrets are joined in order`() {
        let parts = ["ab", "", "c"].map(SecretBytes.init(utf8:))
        #expect(SecretBytes.joining(parts) == SecretBytes(utf8: "abc"))
        #expect(SecretBytes.joining([]).isEmpty)
    }

    @Test func `bytes that are not UTF-8 are no text`() {
        #expect(SecretBytes(copying: [0xC3, 0x28]).exposedText() == nil)
        #expect(SecretBytes(utf8: "Δöض").exposedText() == "Δöض")
    }

    @Test func `only the bytes that the filler says it wrote are kept`() {
        let secret = unsafe SecretBytes(count: 8) { buffer in
            unsafe buffer.copyBytes(from: [7, 8, 9])
            return 2
        }
        #expect(secret == SecretBytes(copying: [7, 8]))
    }

    @Test func `the error of a filler comes out as it is`() {
        struct Refusal: Error, Equatable {}
        #expect(throws: Refusal()) {
            unsafe try SecretBytes(count: 8) { _ throws(Refusal) in throw Refusal() }
        }
        #expect(throws: Refusal()) {
            try SecretBytes(capacity: 8) { output throws(Refusal) in
                output.append(1)
                throw Refusal()
            }
        }
    }

    private func bytes(of secret: SecretBytes) -> [UInt8] {
        secret.withSpan { span in span.indices.map { span[$0] } }
    }
}
