// SPDX-License-Identifier: Apache-2.0

import Testing
import Vault

@Suite struct VaultHashTests {
    @Test func `it is SHA-1 over both uuids in upper-case hex`() {
        let zeros = String(repeating: "0", count: 32)
        #expect(VaultHash.of(root: zeros, recycleBin: zeros) == "0114498021cb8c4f1519f96bdf58dd806f3adb63")
    }
}
