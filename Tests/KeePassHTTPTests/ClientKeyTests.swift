// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import SecureMemory
import Testing

@Suite struct ClientKeyTests {
    @Test(arguments: [16, 24, 32])
    func `keys of the three lengths of AES are taken`(length: Int) throws {
        let bytes = SecretBytes(copying: [UInt8](repeating: 9, count: length))
        let key = try #require(ClientKey(bytes))
        #expect(ClientKey(base64: key.base64()) == key)
    }

    @Test(arguments: [0, 1, 15, 17, 31, 33, 64])
    func `keys of other lengths are not`(length: Int) {
        #expect(ClientKey(SecretBytes(copying: [UInt8](repeating: 9, count: length))) == nil)
    }

    @Test func `a key may come with line breaks, and goes out without`() throws {
        let key = try #require(
            ClientKey(base64: SecretBytes(utf8: "ksP1sw/6Bgx4CpqCO3JpI1+5vtSO\n8/aCcqxDjXTTYvw=\n"))
        )
        #expect(try key == SampleMessage.key())
        #expect(key.base64() == SecretBytes(utf8: SampleMessage.keyText))
        #expect(ClientKey(base64: SecretBytes(utf8: "not base64")) == nil)
    }

    @Test func `the fingerprint is the beginning of the key's hash`() throws {
        #expect(try SampleMessage.key().fingerprint == "4C:8F:8C:CC:FC:BA:62:E1")
    }

    @Test func `a key prints as nothing`() throws {
        var dumped = ""
        dump(try SampleMessage.key(), to: &dumped)
        #expect(!"\(try SampleMessage.key()) \(dumped)".contains("146"))
        #expect("\(try SampleMessage.key())".contains("redacted"))
    }

    @Test func `random keys have 32 bytes and differ`() {
        #expect(ClientKey.random().bytes.count == 32)
        #expect(ClientKey.random() != ClientKey.random())
    }
}
