// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// One end of a TCP connection: an IPv4 or IPv6 address and a port.
package struct InternetAddress: Hashable, Sendable, CustomStringConvertible {
    /// The address in network order: 4 bytes or 16.
    package let bytes: [UInt8]

    /// The port, 0 where there is none.
    package let port: UInt16

    /// Takes 4 or 16 bytes in network order.
    init?(bytes: [UInt8], port: UInt16) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
        self.port = port
    }

    /// Reads an address in its textual form, without brackets and zone; nil if it isn't one.
    package init?(_ text: String, port: UInt16) {
        let family = text.contains(":") ? AF_INET6 : AF_INET
        var bytes = [UInt8](repeating: 0, count: family == AF_INET6 ? 16 : 4)
        guard unsafe inet_pton(family, text, &bytes) == 1 else { return nil }
        self.bytes = bytes
        self.port = port
    }

    /// The address to which a socket is bound; nil for what is not an internet socket.
    package init?(ofSocket number: Int32) {
        // sockaddr_in6 is the larger of the two. Map of both: family (2, native), port (2, network), then
        // address (4) · flow (4), address (16), scope (4).
        var bytes = [UInt8](repeating: 0, count: 28)
        var length = socklen_t(bytes.count)
        let result = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe getsockname(number, buffer.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
        }
        guard result == 0 else { return nil }
        let family = Int32(UInt16(bytes[0]) | UInt16(bytes[1]) << 8)
        let port = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
        switch family {
        case AF_INET: self.init(bytes: Array(bytes[4..<8]), port: port)
        case AF_INET6: self.init(bytes: Array(bytes[8..<24]), port: port)
        default: return nil
        }
    }

    /// The bytes of a sockaddr_in or sockaddr_in6.
    var socketAddress: [UInt8] {
        let family = UInt16(isIPv6 ? AF_INET6 : AF_INET).littleEndian
        let head = [UInt8(family & 0xFF), UInt8(family >> 8), UInt8(port >> 8), UInt8(port & 0xFF)]
        let blank = [UInt8](repeating: 0, count: isIPv6 ? 4 : 8)
        return isIPv6 ? head + blank + bytes + blank : head + bytes + blank
    }

    /// Whether it is an IPv6 address (a mapped IPv4 one too).
    package var isIPv6: Bool { bytes.count == 16 }

    /// Whether only this computer can reach it: 127.0.0.0/8, ::1, or the former mapped into IPv6.
    package var isLoopback: Bool {
        let plain = unmapped
        return plain.isIPv6 ? plain.bytes == Self.loopback6 : plain.bytes.first == 127
    }

    /// The IPv4 address that is written as `::ffff:a.b.c.d`, else itself.
    package var unmapped: InternetAddress {
        guard isIPv6, bytes.starts(with: Self.mapping) else { return self }
        return InternetAddress(bytes: Array(bytes[12...]), port: port) ?? self
    }

    /// Whether it stands for every address of its family.
    var isUnspecified: Bool { unmapped.bytes.allSatisfy { $0 == 0 } }

    /// The usual text, `127.0.0.1:19455` or `[::1]:19455`.
    package var description: String {
        isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// The address alone as text.
    package var host: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard unsafe inet_ntop(isIPv6 ? AF_INET6 : AF_INET, bytes, &text, socklen_t(text.count)) != nil else {
            return ""
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static let mapping: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
    private static let loopback6: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
}
