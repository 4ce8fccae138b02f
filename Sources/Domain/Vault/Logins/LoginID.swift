// SPDX-License-Identifier: Apache-2.0

import Ciphers

/// The 16 bytes that permanently name a login or a group, a KeePass UUID.
package struct LoginID: Hashable, Sendable {
    /// The first eight bytes, the first one highest.
    package let high: UInt64
    /// The other eight.
    package let low: UInt64

    /// Takes 16 bytes, or gives nil for another number of them.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Takes the first eight bytes and the other eight, as numbers whose highest byte comes first.
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads 32 hex digits of either case, and nothing else.
    package init?(hex: some StringProtocol) {
        let digits = hex.utf8
        guard digits.count == 32, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let high = UInt64(hex.prefix(16), radix: 16), let low = UInt64(hex.suffix(16), radix: 16)
        else { return nil }
        self.high = high
        self.low = low
    }

    /// A new, unique one.
    package static func random() -> LoginID {
        let bytes = Randomness.bytes(16)
        return LoginID(
            high: bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) },
            low: bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
        )
    }

    /// The name of the entry in which the KeePassHttp plugin kept its clients' keys.
    package static let keePassHttpSettings = LoginID(high: 0x3469_7A40_8A5B_41C0, low: 0x9F36_897D_623E_CB31)

    /// The 16 bytes.
    package var bytes: [UInt8] {
        [high, low].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * $0)) } }
    }

    /// 32 upper-case hex digits, as the protocol writes it.
    package var hex: String {
        var digits: [UInt8] = []
        digits.reserveCapacity(32)
        for half in [high, low] {
            for place in 1...16 {
                let digit = UInt8(half >> (64 - 4 * UInt64(place)) & 15)
                digits.append(digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "A") - 10))
            }
        }
        return String(decoding: digits, as: UTF8.self)
    }
}

extension LoginID: CustomStringConvertible, Comparable {
    /// The hex digits.
    package var description: String { hex }

    /// Orders as the bytes do.
    package static func < (left: LoginID, right: LoginID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}
