// SPDX-License-Identifier: Apache-2.0

import CArgon2
import Glibc
package import SecureMemory

/// Argon2 (RFC 9106): a key derivation that takes memory as well as time.
package struct Argon2: Hashable, Sendable {
    /// How memory is addressed.
    package enum Variant: Hashable, Sendable, CaseIterable {
        /// Depends on the key: hardest to attack with chips of one's own.
        case d
        /// Depends on the key only after the first half pass: harder to observe from the same machine.
        case id
    }

    /// How memory is addressed.
    package var variant: Variant
    /// 0x10 or 0x13.
    package var version: UInt32
    /// Kibibytes of memory.
    package var memory: UInt32
    /// Passes over the memory.
    package var iterations: UInt32
    /// Lanes, which are worked on side by side.
    package var lanes: UInt32

    /// Says what it is to cost.
    package init(
        _ variant: Variant,
        version: UInt32 = 0x13,
        memory: UInt32,
        iterations: UInt32,
        lanes: UInt32
    ) {
        self.variant = variant
        self.version = version
        self.memory = memory
        self.iterations = iterations
        self.lanes = lanes
    }

    /// Derives 32 bytes; it can't be interrupted.
    /// - Parameters:
    ///   - password: What to derive from.
    ///   - salt: At least 8 bytes.
    ///   - secret: A further key, usually none.
    ///   - associated: Further data, usually none.
    /// - Returns: 32 bytes.
    /// - Throws: `failed` for a cost or a salt that Argon2 does not allow, or for lack of memory.
    package func derive(
        from password: SecretBytes,
        salt: [UInt8],
        secret: SecretBytes = SecretBytes(copying: []),
        associated: [UInt8] = []
    ) throws(CipherError) -> SecretBytes {
        guard version == 0x10 || version == 0x13 else { throw .failed }
        // libargon2 takes mutable pointers, and wipes the password if told to; it is told not to.
        var (salt, associated) = (salt, associated)
        let length = 32
        return try unsafe SecretBytes(count: length) { (output) throws(CipherError) in
            let status = unsafe password.withUnsafeBytes { password in
                unsafe secret.withUnsafeBytes { secret in
                    unsafe salt.withUnsafeMutableBufferPointer { salt in
                        unsafe associated.withUnsafeMutableBufferPointer { associated in
                            var context = unsafe argon2_context()
                            unsafe context.out = output.bindMemory(to: UInt8.self).baseAddress
                            unsafe context.outlen = UInt32(length)
                            unsafe (context.pwd, context.pwdlen) = Self.mutable(password)
                            unsafe (context.secret, context.secretlen) = Self.mutable(secret)
                            unsafe (context.salt, context.saltlen) = (salt.baseAddress, UInt32(salt.count))
                            unsafe (context.ad, context.adlen) =
                                (associated.baseAddress, UInt32(associated.count))
                            unsafe context.t_cost = iterations
                            unsafe context.m_cost = memory
                            unsafe context.lanes = lanes
                            // More would only get in each other's way; the result is the same.
                            unsafe context.threads = min(lanes, Self.processors)
                            unsafe context.version = version
                            return unsafe argon2_ctx(&context, variant == .d ? Argon2_d : Argon2_id)
                        }
                    }
                }
            }
            guard status == Int32(ARGON2_OK.rawValue) else { throw .failed }
            return length
        }
    }

    private static let processors = UInt32(clamping: max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1))

    @unsafe private static func mutable(
        _ bytes: UnsafeRawBufferPointer
    ) -> (UnsafeMutablePointer<UInt8>?, UInt32) {
        let typed = unsafe UnsafeMutableRawBufferPointer(mutating: bytes).bindMemory(to: UInt8.self)
        return (typed.count == 0 ? nil : typed.baseAddress, UInt32(truncatingIfNeeded: typed.count))
    }
}
