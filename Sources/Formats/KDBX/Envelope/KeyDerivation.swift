// SPDX-License-Identifier: Apache-2.0

package import Ciphers
import SecureMemory

/// A key derivation function, which makes guessing a key expensive, with all its parameters.
package enum KeyDerivation: Hashable, Sendable {
    /// Rounds of AES.
    case aes(seed: [UInt8], rounds: UInt64)
    /// Argon2, with memory in bytes, as the file has it.
    case argon2(Argon2Parameters)

    /// The parameters of Argon2.
    package struct Argon2Parameters: Hashable, Sendable {
        /// How memory is addressed.
        package var variant: Argon2.Variant
        /// 0x10 or 0x13.
        package var version: UInt32 = 0x13
        /// Chosen anew whenever the file is written.
        package var salt: [UInt8]
        /// Bytes of memory.
        package var memory: UInt64
        /// Passes over the memory.
        package var iterations: UInt64
        /// Threads.
        package var lanes: UInt32
        /// A further key, usually none.
        package var secret: [UInt8] = []
        /// Further data, usually none.
        package var associated: [UInt8] = []

        /// Describes a derivation with a fresh salt.
        package init(_ variant: Argon2.Variant, memory: UInt64, iterations: UInt64, lanes: UInt32) {
            self.variant = variant
            self.memory = memory
            self.iterations = iterations
            self.lanes = lanes
            salt = Randomness.bytes(32)
        }
    }

    /// Rounds of AES with a fresh seed.
    package static func aes(rounds: UInt64) -> KeyDerivation {
        .aes(seed: Randomness.bytes(32), rounds: rounds)
    }

    /// The challenge to a hardware key: the part of the derivation that changes with each writing.
    var challenge: [UInt8] {
        switch self {
        case .aes(let seed, _): seed
        case .argon2(let parameters): parameters.salt
        }
    }

    /// The same with a fresh seed or salt, for the next writing.
    func renewed() -> KeyDerivation {
        switch self {
        case .aes(_, let rounds):
            return .aes(rounds: rounds)
        case .argon2(var parameters):
            parameters.salt = Randomness.bytes(32)
            return .argon2(parameters)
        }
    }

    /// Whether it costs no more than the limits allow, as far as that can be told beforehand.
    package func check(_ limits: KDBXLimits) throws(KDBXError) {
        switch self {
        case .aes(_, let rounds):
            guard rounds <= limits.aesRounds else { throw .tooCostly(.rounds) }
        case .argon2(let parameters):
            guard parameters.memory <= limits.argon2Memory else { throw .tooCostly(.memory) }
            guard parameters.lanes <= limits.argon2Threads else { throw .tooCostly(.threads) }
            // A pass stops four times for its threads, which takes as long as so much memory for each of them.
            let passCost = parameters.memory.addingReportingOverflow(UInt64(parameters.lanes) << 17)
            let (work, overflow) = passCost.partialValue.multipliedReportingOverflow(
                by: parameters.iterations
            )
            guard !passCost.overflow, !overflow, work <= limits.argon2Work,
                parameters.iterations <= UInt32.max
            else {
                throw .tooCostly(.rounds)
            }
        }
    }

    /// Does it; takes as long as the file's owner has chosen.
    func derive(
        from key: SecretBytes,
        limits: KDBXLimits,
        isCancelled: () -> Bool
    ) throws(KDBXError) -> SecretBytes {
        try check(limits)
        do throws(CipherError) {
            switch self {
            case .aes(let seed, let rounds):
                let derived = try AESKDF.transform(
                    key,
                    seed: seed,
                    rounds: rounds,
                    isCancelled: isCancelled
                )
                if let derived { return derived }
            case .argon2(let parameters):
                return try parameters.function.derive(
                    from: key,
                    salt: parameters.salt,
                    secret: SecretBytes(copying: parameters.secret),
                    associated: parameters.associated
                )
            }
        } catch {
            throw .failed
        }
        throw .cancelled
    }
}

extension KeyDerivation.Argon2Parameters {
    /// Never called with more than the limits allow, so it fits.
    fileprivate var function: Argon2 {
        Argon2(
            variant,
            version: version,
            memory: UInt32(truncatingIfNeeded: memory / 1024),
            iterations: UInt32(truncatingIfNeeded: iterations),
            lanes: lanes
        )
    }
}
