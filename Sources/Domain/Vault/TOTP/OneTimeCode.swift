// SPDX-License-Identifier: Apache-2.0

import Ciphers
package import SecureMemory

/// How a login's one-time codes are made (RFC 6238).
package struct OneTimeCode: Sendable {
    /// How a number becomes a code.
    enum Alphabet {
        /// Decimal digits.
        case digits
        /// The letters of Steam Guard.
        case steam
    }

    let secret: SecretBytes
    let algorithm: HMAC.Algorithm
    let period: Int64
    let length: Int
    let alphabet: Alphabet

    /// Takes the parts, or gives nil if they make no sense; a member that is left out is as on most sites.
    init?(
        secret: SecretBytes?,
        algorithm: HMAC.Algorithm? = .sha1,
        period: Int64? = 30,
        length: Int? = 6,
        alphabet: Alphabet = .digits
    ) {
        guard let secret, !secret.isEmpty, let algorithm, let period, let length,
            (1...86_400).contains(period), (1...10).contains(length)
        else { return nil }
        self.secret = secret
        self.algorithm = algorithm
        self.period = period
        self.length = length
        self.alphabet = alphabet
    }

    /// The code at a time in seconds since 1970, or nil before that.
    package func code(at time: Int64) -> SecretBytes? {
        guard time >= 0 else { return nil }
        let counter = UInt64(time / period)
        let message = (0..<8).map { UInt8(truncatingIfNeeded: counter >> (56 - 8 * $0)) }
        let hash = HMAC.code(algorithm, key: secret, message)
        guard let last = hash.last else { return nil }
        // Dynamic truncation (RFC 4226, section 5.3): the last four bits say where the number stands.
        let number = hash.dropFirst(Int(last & 0x0F)).prefix(4).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return written(number & 0x7FFF_FFFF)
    }

    /// For how many seconds the code at a time goes on being that, the present one included.
    package func secondsLeft(at time: Int64) -> Int64 { period - time % period }

    private func written(_ number: UInt64) -> SecretBytes {
        let letters = Array((alphabet == .digits ? "0123456789" : "23456789BCDFGHJKMNPQRTVWXY").utf8)
        var rest = number
        var code: [UInt8] = []
        for _ in 0..<length {
            code.append(letters[Int(rest % UInt64(letters.count))])
            rest /= UInt64(letters.count)
        }
        // A number ends in its last digit; Steam writes the last one first.
        return SecretBytes(copying: alphabet == .digits ? code.reversed() : code)
    }
}
