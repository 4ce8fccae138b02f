// SPDX-License-Identifier: Apache-2.0

import KDBX
import Testing
import Vault

@testable import VaultStores

/// What is wrong with a vault's file, for a person.
struct KDBXErrorSentenceTests {
    private static let limits = KDBXLimits(seconds: 20, mebibytes: 64)

    @Test(arguments: [
        KDBXError.damaged(.headerHash), .damaged(.innerHeader), .damaged(.protectedValue),
        .unsupportedCipher("00"), .unsupportedInnerStream(9), .excessive(.depth), .keyFile(.malformed),
    ])
    func `no name of this program's own stands in a sentence`(error: KDBXError) {
        let text = "\(VaultError(error, vault: "main", limits: Self.limits))"
        for name in ["headerHash", "innerHeader", "protectedValue", "unsupported", "depth", "malformed"] {
            #expect(!text.contains(name))
        }
    }

    @Test func `where a backup is is said by doctor`() {
        let text = "\(VaultError(.damaged(.block), vault: "main", limits: Self.limits))"
        #expect(text.contains("`keybell doctor`"))
    }
}
