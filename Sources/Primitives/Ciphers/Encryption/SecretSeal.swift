// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import SecureMemory
import Synchronization

/// Encrypts (seals) secrets that are too many for the secure heap, and opens them one by one.
///
/// The key is one of the process, made at the first use, in the secure heap and nowhere else: what is sealed means
/// nothing to whoever reads it from a swap file, and nothing to the next process. AES-256-GCM; every seal has a nonce
/// of its own. Making a `SecretSeal` costs a microsecond, each use of it less.
@safe package struct SecretSeal: ~Copyable {
    /// How much longer than its secret a sealed one is: the nonce before it, the tag after it.
    package static let overhead = nonceCount + tagCount

    private let sealing: OpaquePointer
    private let opener = SealOpener()

    /// Prepares to seal and open.
    package init() {
        // As with any allocation that fails, there is no value to continue with.
        guard let sealing = unsafe EVP_CIPHER_CTX_new() else {
            preconditionFailure("libcrypto has no memory for a cipher")
        }
        let isReady = unsafe Self.key.withUnsafeBytes { key in
            let key = unsafe key.bindMemory(to: UInt8.self).baseAddress
            return unsafe EVP_EncryptInit_ex(sealing, EVP_aes_256_gcm(), nil, key, nil) == 1
        }
        precondition(isReady, "libcrypto has no AES-GCM")
        unsafe self.sealing = sealing
    }

    deinit { unsafe EVP_CIPHER_CTX_free(sealing) }

    /// Seals bytes and appends them; the plain ones stay where they are, for the caller to wipe.
    package func seal(_ plain: [UInt8], onto output: inout [UInt8]) {
        unsafe plain.withUnsafeBytes { unsafe seal($0, onto: &output) }
    }

    /// Seals a secret.
    package func seal(_ secret: SecretBytes) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(secret.count + Self.overhead)
        unsafe secret.withUnsafeBytes { unsafe seal($0, onto: &output) }
        return output
    }

    /// Opens what this process has sealed; nil for anything else.
    package func open(_ sealed: some Collection<UInt8>) -> SecretBytes? { opener.open(sealed) }

    @unsafe private func seal(_ plain: UnsafeRawBufferPointer, onto output: inout [UInt8]) {
        let (number, overflow) = Self.counter.wrappingAdd(1, ordering: .relaxed).oldValue
            .addingReportingOverflow(1)
        guard !overflow, let count = Int32(exactly: plain.count) else {
            preconditionFailure("a seal has no more nonces, or a secret is longer than libcrypto counts")
        }
        let start = output.count
        unsafe withUnsafeBytes(of: number.littleEndian) { unsafe output.append(contentsOf: $0) }
        output.append(contentsOf: repeatElement(0, count: 4 + plain.count + Self.tagCount))
        let isDone = unsafe output.withUnsafeMutableBufferPointer { buffer in
            guard let nonce = unsafe buffer.baseAddress.map({ unsafe $0 + start }) else { return false }
            let sealed = unsafe nonce + Self.nonceCount
            let input = unsafe plain.bindMemory(to: UInt8.self).baseAddress
            var written: Int32 = 0
            return unsafe EVP_EncryptInit_ex(sealing, nil, nil, nil, nonce) == 1
                && (count == 0 || EVP_EncryptUpdate(sealing, sealed, &written, input, count) == 1)
                && EVP_EncryptFinal_ex(sealing, nil, &written) == 1
                && EVP_CIPHER_CTX_ctrl(
                    sealing,
                    EVP_CTRL_AEAD_GET_TAG,
                    Int32(Self.tagCount),
                    sealed + plain.count
                ) == 1
        }
        precondition(isDone, "libcrypto could not seal a secret")
    }

    static let nonceCount = 12
    static let tagCount = 16
    static let key = Randomness.secret(32)
    // Nonces are counted, not drawn: under one key no two may ever be the same.
    private static let counter = Atomic<UInt64>(0)
}
