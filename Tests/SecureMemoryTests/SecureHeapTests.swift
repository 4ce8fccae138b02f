// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Testing

@testable import SecureMemory

@Suite(.serialized) struct SecureHeapTests {
    @Test func `the heap is there once it has been prepared`() {
        SecureHeap.prepare()
        #expect(SecureHeap.state != .unavailable)
    }

    @Test func `what does not fit is kept all the same, and counted`() {
        let before = SecureHeap.overflows
        let secret = SecretBytes(copying: [UInt8](repeating: 0x5A, count: SecureHeap.size * 2))
        #expect(SecureHeap.overflows > before)
        #expect(secret.count == SecureHeap.size * 2)
        #expect(secret.withSpan { $0[SecureHeap.size] } == 0x5A)
    }

    @Test func `the first that does not fit is told of, once, also to who asks later`() {
        let told = Mutex(0)
        let big = [UInt8](repeating: 0x5A, count: SecureHeap.size * 2)
        SecureHeap.whenOverflowing { told.withLock { $0 += 1 } }
        _ = SecretBytes(copying: big)
        _ = SecretBytes(copying: big)
        #expect(told.withLock { $0 } == 1)
        SecureHeap.whenOverflowing { told.withLock { $0 += 1 } }
        #expect(told.withLock { $0 } == 2)
    }

    @Test(arguments: [
        (EPERM, UInt64(8 << 20), SecureHeap.State.forbidden), (EPERM, 0, .notLocked),
        (ENOMEM, 65_536, .notLocked), (EAGAIN, 65_536, .notLocked),
    ])
    func `what a filter refuses is not a limit that is too low`(
        code: Int32,
        limit: UInt64,
        state: SecureHeap.State
    ) {
        #expect(SecureHeap.refused(code, limit: limit) == state)
    }

    @Test func `many small secrets overflow without a failure and make room again`() {
        do {
            let secrets = (0..<3000).map {
                SecretBytes(copying: [UInt8](repeating: UInt8($0 & 255), count: 512))
            }
            #expect(secrets[2999].withSpan { $0[511] } == UInt8(2999 & 255))
        }
        // Tests of other suites may fill the heap for a moment; one of a few attempts must find it empty.
        let foundRoom = (0..<100).contains { _ in
            let before = SecureHeap.overflows
            return SecretBytes(copying: [UInt8](repeating: 1, count: SecureHeap.size / 8)).count > 0
                && SecureHeap.overflows == before
        }
        #expect(foundRoom)
    }
}
