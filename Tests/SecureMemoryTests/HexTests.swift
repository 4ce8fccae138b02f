// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Testing

@Suite struct HexTests {
    @Test func `each byte is two digits`() {
        #expect(Hex.text([]) == "")
        #expect(Hex.text([0, 9, 10, 0x1F, 0xA0, 255]) == "00090a1fa0ff")
        #expect(Hex.text([0, 9, 10, 0x1F, 0xA0, 255], uppercase: true) == "00090A1FA0FF")
        let every = (0...255).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        #expect(Hex.text(0...255) == every)
    }
}
