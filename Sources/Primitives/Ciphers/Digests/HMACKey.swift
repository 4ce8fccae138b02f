// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import SecureMemory

/// A key of HMAC-SHA-256 that is used often: what each code begins with is worked out once, and is in secret memory.
package struct HMACKey: Sendable {
    private let states: SecretBytes

    /// Prepares a key of any length.
    package init(_ key: SecretBytes) {
        unsafe states = key.withUnsafeBytes { key in
            unsafe SecretBytes(count: MemoryLayout<keybell_hmac_states>.size) { buffer in
                let states = unsafe buffer.bindMemory(to: keybell_hmac_states.self).baseAddress
                let start = unsafe key.bindMemory(to: UInt8.self).baseAddress
                // See Digest: there is no value to continue with.
                precondition(
                    unsafe keybell_hmac_prepare(start, key.count, states) == 1,
                    "libcrypto could not prepare an HMAC"
                )
                return buffer.count
            }
        }
    }

    /// The code of some bytes: 32 bytes.
    package func code(of bytes: [UInt8]) -> [UInt8] {
        unsafe states.withUnsafeBytes { buffer in
            let states = unsafe buffer.bindMemory(to: keybell_hmac_states.self).baseAddress
            return unsafe [UInt8](unsafeUninitializedCapacity: 32) { code, count in
                let isDone = unsafe keybell_hmac_code(states, bytes, bytes.count, code.baseAddress)
                // See Digest: a code of zeros would be a code that everybody knows.
                precondition(isDone == 1, "libcrypto could not compute an HMAC")
                count = 32
            }
        }
    }
}
