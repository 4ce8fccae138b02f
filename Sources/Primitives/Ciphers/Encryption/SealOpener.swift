// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import SecureMemory

/// Opens what a ``SecretSeal`` of this process has sealed; for a single secret, this is half the work of making a seal.
@safe package struct SealOpener: ~Copyable {
    private let context: OpaquePointer

    /// Prepares to open.
    package init() {
        // As with any allocation that fails, there is no value to continue with.
        guard let context = unsafe EVP_CIPHER_CTX_new() else {
            preconditionFailure("libcrypto has no memory for a cipher")
        }
        let isReady = unsafe SecretSeal.key.withUnsafeBytes { key in
            let key = unsafe key.bindMemory(to: UInt8.self).baseAddress
            return unsafe EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nil) == 1
        }
        precondition(isReady, "libcrypto has no AES-GCM")
        unsafe self.context = context
    }

    deinit { unsafe EVP_CIPHER_CTX_free(context) }

    /// Opens what this process has sealed; nil for anything else.
    package func open(_ sealed: some Collection<UInt8>) -> SecretBytes? {
        let sealed = Array(sealed)
        let length = sealed.count - SecretSeal.overhead
        guard length >= 0, let count = Int32(exactly: length) else { return nil }
        var isWhole = false
        let secret = unsafe sealed.withUnsafeBufferPointer { input in
            unsafe SecretBytes(count: length) { output in
                guard let start = input.baseAddress else { return 0 }
                let plain = unsafe output.bindMemory(to: UInt8.self).baseAddress
                let tag = unsafe UnsafeMutableRawPointer(mutating: start + SecretSeal.nonceCount + length)
                var written: Int32 = 0
                unsafe isWhole =
                    EVP_DecryptInit_ex(context, nil, nil, nil, start) == 1
                    && (count == 0
                        || EVP_DecryptUpdate(context, plain, &written, start + SecretSeal.nonceCount, count)
                            == 1)
                    && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(SecretSeal.tagCount), tag)
                        == 1
                    && EVP_DecryptFinal_ex(context, nil, &written) == 1
                return isWhole ? length : 0
            }
        }
        if !isWhole { ERR_clear_error() }
        return isWhole ? secret : nil
    }
}
