// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import SecureMemory
import Synchronization

/// A key of HMAC-SHA-256 that is used often: what each code begins with is worked out once.
///
/// libcrypto has that in ordinary memory, which it wipes when the last copy of this value goes.
package struct HMACKey: Sendable {
    private let context: Context

    /// Prepares a key of any length.
    package init(_ key: SecretBytes) { context = Context(key) }

    /// The code of some bytes: 32 bytes.
    package func code(of bytes: [UInt8]) -> [UInt8] { context.code(of: bytes) }
}

/// libcrypto's context, of which each code takes the turn: copying it costs more than the code itself.
@safe private final class Context: Sendable {
    /// Where it is.
    private let address: Mutex<UInt>

    init(_ key: SecretBytes) {
        // See Digest: there is no value to continue with.
        guard let context = unsafe HMACContext.sha256.keyed(with: key) else {
            preconditionFailure("libcrypto could not prepare an HMAC")
        }
        address = Mutex(UInt(bitPattern: context))
    }

    deinit { address.withLock { unsafe EVP_MAC_CTX_free(OpaquePointer(bitPattern: $0)) } }

    func code(of bytes: [UInt8]) -> [UInt8] {
        let code = address.withLock { address -> [UInt8]? in
            // Without a key it begins anew under the one that it has.
            guard let context = unsafe OpaquePointer(bitPattern: address),
                unsafe EVP_MAC_init(context, nil, 0, nil) == 1
            else { return nil }
            return unsafe HMACContext.code(of: bytes, with: context, length: HMACContext.sha256.length)
        }
        // See Digest: a code of zeros would be a code that everybody knows.
        guard let code else { preconditionFailure("libcrypto could not compute an HMAC") }
        return code
    }
}
