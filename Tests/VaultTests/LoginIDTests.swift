// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Vault

@Suite struct LoginIDTests {
    @Test func `it reads either case and writes upper case`() {
        #expect(LoginID(hex: "34697a408a5b41c09f36897d623ecb31") == .keePassHttpSettings)
        #expect(LoginID.keePassHttpSettings.hex == "34697A408A5B41C09F36897D623ECB31")
        #expect(LoginID(hex: "00000000000000000000000000000001")?.hex == "00000000000000000000000000000001")
    }

    @Test(arguments: [
        "", "34", "34697A408A5B41C09F36897D623ECB3", "+4697A408A5B41C09F36897D623ECB31",
        "34697A408A5B41C09F36897D623ECB311", "34697A40-8A5B-41C0-9F36-897D623ECB31",
        "ＦF697A408A5B41C09F36897D623E31",
    ])
    func `anything but 32 hex digits is refused`(text: String) {
        #expect(LoginID(hex: text) == nil)
    }

    @Test func `bytes and digits are two spellings of one name`() {
        for _ in 0..<100 {
            let id = LoginID.random()
            #expect(LoginID(id.bytes) == id)
            #expect(LoginID(hex: id.hex) == id)
        }
        #expect(LoginID([1, 2, 3]) == nil)
        #expect(LoginID.random() != LoginID.random())
    }
}
