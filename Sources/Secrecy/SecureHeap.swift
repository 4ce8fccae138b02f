// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Synchronization

/// OpenSSL's secure heap: memory that is locked, left out of core dumps and fenced by guard pages.
///
/// It is made once per process, at the first secret at the latest. Where it cannot be made, or is full, secrets
/// live in ordinary memory that is wiped all the same; `state` and `overflows` tell the log and the doctor.
package enum SecureHeap {
    /// What the secure heap of this process is worth.
    package enum State: String, Sendable {
        /// Its pages are locked into memory and never reach the swap.
        case locked
        /// It is there, but the limit on locked memory (`RLIMIT_MEMLOCK`) was too small to lock it.
        case notLocked
        /// It could not be made; secrets are in ordinary memory.
        case unavailable
    }

    /// How much it holds; more than a thousand keys and passwords at once.
    package static let size = 1 << 20

    /// What the secure heap is worth; asking makes it, if it has not been made yet.
    package static var state: State { made }

    /// How many secrets had to go to ordinary memory so far, since the heap was full or missing.
    package static var overflows: Int { overflowCount.load(ordering: .relaxed) }

    /// Makes the heap now rather than at the first secret: before anything else that libcrypto does, and so that a daemon
    /// can log its state at the start.
    package static func prepare() { _ = made }

    static func noteOverflow() { overflowCount.wrappingAdd(1, ordering: .relaxed) }

    private static let overflowCount = Atomic<Int>(0)

    // A static is initialized once, whichever thread comes first; OpenSSL itself refuses a second initialization.
    private static let made: State = {
        // At the end of the process other threads may still be at work: libcrypto must not be taken from under them.
        OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
        let smallestBlock = 16
        switch CRYPTO_secure_malloc_init(size, smallestBlock) {
        case 1: return .locked
        case 2: return .notLocked
        default:
            ERR_clear_error()
            return .unavailable
        }
    }()
}
