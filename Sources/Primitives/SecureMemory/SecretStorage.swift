// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// A block of memory for one secret, owned by one `SecretBytes`, wiped when it is given back.
///
/// The address is kept as a number, so that the owner is `Sendable`: the block is written before anyone else can
/// see it, and never again.
struct SecretStorage: ~Copyable, Sendable {
    private let address: UInt
    private let capacity: Int
    private let isInSecureHeap: Bool

    init(capacity: Int) {
        precondition(capacity >= 0, "a secret has no negative length")
        self.capacity = capacity
        guard capacity > 0 else {
            (address, isInSecureHeap) = (0, false)
            return
        }
        // Without a heap, CRYPTO_secure_malloc would fall back to malloc by itself and hide that from `overflows`.
        if SecureHeap.state != .unavailable, let block = unsafe CRYPTO_secure_malloc(capacity, nil, 0) {
            (address, isInSecureHeap) = (UInt(bitPattern: block), true)
            return
        }
        ERR_clear_error()
        SecureHeap.noteOverflow()
        let block = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        (address, isInSecureHeap) = (UInt(bitPattern: block), false)
    }

    deinit {
        guard let block = unsafe UnsafeMutableRawPointer(bitPattern: address) else { return }
        if isInSecureHeap {
            unsafe CRYPTO_secure_clear_free(block, capacity, nil, 0)
        } else {
            unsafe OPENSSL_cleanse(block, capacity)
            unsafe block.deallocate()
        }
    }

    /// The whole block, for its one writer.
    @unsafe var writable: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(
            start: UnsafeMutableRawPointer(bitPattern: address),
            count: capacity
        )
    }

    /// The first `count` bytes of the block.
    @unsafe func readable(_ count: Int) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: address), count: count)
    }
}
