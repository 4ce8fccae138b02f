// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Glibc
import Synchronization

/// OpenSSL's secure heap: memory that is locked, left out of core dumps and fenced by guard pages.
///
/// It is made once per process, at the first secret at the latest. Where it cannot be made, or is full, secrets live in
/// ordinary memory that is wiped all the same. `state` is for the log and the doctor; `whenOverflowing` reports that it
/// is full, to the log of the process whose heap it is.
package enum SecureHeap {
    /// The state of this process's secure heap.
    package enum State: String, Sendable {
        /// Its pages are locked into memory and never reach the swap.
        case locked
        /// It is there, but the limit on locked memory (`RLIMIT_MEMLOCK`) was too small to lock it.
        case notLocked
        /// It is there, but the system doesn't let this process lock memory at all (a system call filter, as in a
        /// container or a service).
        case forbidden
        /// It could not be made; secrets are in ordinary memory.
        case unavailable
    }

    /// How much it holds; more than a thousand keys and passwords at once.
    package static let size = 1 << 20

    /// The state of the secure heap; asking makes it, if it hasn't been made yet.
    package static var state: State { made }

    /// How many secrets had to go to ordinary memory so far, since the heap was full or missing.
    package static var overflows: Int { overflowCount.load(ordering: .relaxed) }

    /// Makes the heap now rather than at the first secret: before anything else that libcrypto does, and so that a daemon
    /// can log its state at the start.
    package static func prepare() { _ = made }

    /// Reports the first secret that has to go to ordinary memory, at once if that has already happened.
    ///
    /// - Parameter tell: Called once at most, on any thread; must not make secrets.
    package static func whenOverflowing(_ tell: @escaping @Sendable () -> Void) {
        let isLate = listener.withLock { listener in
            let isLate = overflows > 0
            listener = isLate ? nil : tell
            return isLate
        }
        if isLate { tell() }
    }

    static func noteOverflow() {
        overflowCount.wrappingAdd(1, ordering: .relaxed)
        listener.withLock { $0.take() }?()
    }

    private static let listener = Mutex<(@Sendable () -> Void)?>(nil)

    private static let overflowCount = Atomic<Int>(0)

    // A static is initialized once, whichever thread comes first; OpenSSL itself refuses a second initialization.
    private static let made: State = {
        // At the end of the process other threads may still be at work: libcrypto must not be taken away from them.
        OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
        let smallestBlock = 16
        switch CRYPTO_secure_malloc_init(size, smallestBlock) {
        case 1: return .locked
        case 2: return whyNotLocked()
        default:
            ERR_clear_error()
            return .unavailable
        }
    }()

    /// Asks the system once more for what libcrypto was refused, since libcrypto doesn't say why.
    private static func whyNotLocked() -> State {
        let address = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let address = unsafe address, UInt(bitPattern: address) != .max else { return .notLocked }
        defer { unsafe munmap(address, size) }
        guard unsafe mlock(address, size) != 0 else { return .notLocked }
        let code = errno
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue), &limit) == 0 else {
            return .notLocked
        }
        return refused(code, limit: UInt64(limit.rlim_cur))
    }

    /// What it means that locking memory failed with this error: a limit of 0 is EPERM, too.
    static func refused(_ code: Int32, limit: UInt64) -> State {
        code == EPERM && limit > 0 ? .forbidden : .notLocked
    }
}
