// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Synchronization

/// Bytes that came from outside and may hold a secret, such as a request's body: wiped once they have been read.
///
/// They live in ordinary memory, since there can be more of them than fits into the secure heap, which outsiders must
/// not be able to fill. What is read from them into a secret goes to `SecretBytes` at once.
package final class WipedBytes: Sendable {
    private let bytes: Mutex<[UInt8]>
    private let onceGone = Mutex<(@Sendable () -> Void)?>(nil)

    /// Makes room for this many bytes; more are possible, but have to be moved.
    package init(capacity: Int = 0) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(capacity)
        self.bytes = Mutex(bytes)
    }

    /// Takes a copy; the source stays where it is.
    package convenience init(copying source: [UInt8]) {
        self.init(capacity: source.count)
        bytes.withLock { $0 += source }
    }

    deinit { wipe() }

    /// Has a closure called once the bytes are gone: wiped, lent and returned, or forgotten.
    package func whenGone(_ work: @escaping @Sendable () -> Void) {
        onceGone.withLock { $0 = work }
    }

    /// How many there are.
    package var count: Int { bytes.withLock { $0.count } }

    /// Takes bytes over from a buffer of a library's, and wipes them there.
    ///
    /// - Parameter source: Memory that nobody reads any more, though a library that has it may count it as shared.
    @unsafe package func takeOver(_ source: UnsafeRawBufferPointer) {
        guard let start = source.baseAddress else { return }
        bytes.withLock { bytes in
            bytes.makeRoom(for: source.count)
            unsafe bytes.append(contentsOf: source)
        }
        unsafe SecureMemory.wipe(UnsafeRawBufferPointer(start: start, count: source.count))
    }

    /// Lends the bytes once, and wipes them afterwards.
    ///
    /// - Parameter read: Gets them; it must not keep the array, which then wouldn't be wiped.
    /// - Returns: What was read.
    /// - Throws: What `read` throws; they are wiped then, too.
    package func consume<Result, E: Error>(
        _ read: ([UInt8]) throws(E) -> Result
    ) throws(E) -> Result {
        var lent = bytes.withLock { bytes in
            defer { bytes = [] }
            return bytes
        }
        defer {
            lent.wipe()
            tellGone()
        }
        return try read(lent)
    }

    /// Wipes them now.
    package func wipe() {
        bytes.withLock { bytes in
            bytes.wipe()
        }
        tellGone()
    }

    private func tellGone() {
        let work = onceGone.withLock { work in
            defer { work = nil }
            return work
        }
        work?()
    }
}

extension [UInt8] {
    /// Makes room for this many more after those that hold a secret; if those have to move, their old place is wiped.
    ///
    /// An array that grows by itself leaves its former self behind.
    package mutating func makeRoom(for more: Int) {
        let needed = count + more
        guard needed > capacity else { return }
        var longer: [UInt8] = []
        longer.reserveCapacity(Swift.max(needed, 2 * capacity))
        longer += self
        swap(&self, &longer)
        longer.wipe()
    }

    /// Overwrites ordinary memory that held a secret, in a way that no compiler leaves out, and empties the array; of one
    /// that others share, only the copy that this makes is overwritten.
    package mutating func wipe() {
        unsafe withUnsafeMutableBytes { buffer in unsafe SecureMemory.wipe(UnsafeRawBufferPointer(buffer)) }
        removeAll()
    }
}

/// Overwrites memory of a library's that nobody reads any more, though it may count as shared.
@unsafe package func wipe(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    unsafe OPENSSL_cleanse(UnsafeMutableRawPointer(mutating: start), bytes.count)
}
