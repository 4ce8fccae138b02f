// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Synchronization

/// One exact question to the kernel's sock_diag, after the owner of the TCP socket with these two addresses.
///
///     nlmsghdr          length u32 · type u16 · flags u16 · sequence u32 · port u32
///     inet_diag_req_v2  family u8 · protocol u8 · extensions u8 · pad u8 · states u32 · sockid
///     inet_diag_msg     family u8 · state u8 · timer u8 · retransmits u8 · sockid · expires u32 · rqueue u32
///                       · wqueue u32 · uid u32 · inode u32
///     sockid            sport be16 · dport be16 · source 16 · destination 16 · interface u32 · cookie u32 u32
struct SocketQuery {
    let local: InternetAddress
    let remote: InternetAddress

    private static let headerSize = 16
    private static let messageSize = headerSize + 72

    /// For which families the kernel has found a socket: it has their tables, so what it doesn't find isn't there.
    private static let answered = Atomic<UInt8>(0)

    private var family: UInt8 { local.isIPv6 ? 2 : 1 }

    /// Whether ENOENT means that there is no such socket, and not that there may be no such table.
    var isReliable: Bool { Self.answered.load(ordering: .relaxed) & family != 0 }

    /// Asks; an inode of 0 means a socket without an owner.
    ///
    /// - Throws: The kernel's `errno`: ENOENT if there is no such socket (or no such table).
    func ask() throws(SystemCallError) -> SocketOwner {
        let socket = try Descriptor(
            "socket",
            socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), NETLINK_SOCK_DIAG)
        )
        // Without an address the datagram goes to the kernel, which answers before send returns.
        let bytes = question()
        guard unsafe send(socket.number, bytes, bytes.count, 0) == bytes.count else { throw .last("send") }
        var reply = [UInt8](repeating: 0, count: 8192)
        let count = unsafe recv(socket.number, &reply, reply.count, Int32(MSG_DONTWAIT))
        guard count >= 0 else { throw .last("recv") }
        return try answer(in: reply.prefix(count))
    }

    /// The question as bytes.
    func question() -> [UInt8] {
        var body = [UInt8(local.isIPv6 ? AF_INET6 : AF_INET), UInt8(IPPROTO_TCP), 0, 0]
        body += Self.bytes(UInt32.max)  // any state
        body += addresses
        body += Self.bytes(UInt32(0))  // any interface
        body += Self.bytes(UInt32.max) + Self.bytes(UInt32.max)  // INET_DIAG_NOCOOKIE, twice
        var header = Self.bytes(UInt32(Self.headerSize + body.count))
        header += Self.bytes(UInt16(SOCK_DIAG_BY_FAMILY)) + Self.bytes(UInt16(NLM_F_REQUEST))
        header += Self.bytes(UInt32(1)) + Self.bytes(UInt32(0))
        return header + body
    }

    /// Reads the kernel's answer.
    func answer(in reply: ArraySlice<UInt8>) throws(SystemCallError) -> SocketOwner {
        let reply = Array(reply)
        guard reply.count >= Self.headerSize + 4 else {
            throw SystemCallError(call: "sock_diag", code: EBADMSG)
        }
        let type = Self.number(reply, at: 4, UInt16.self)
        guard Int32(type) != NLMSG_ERROR else {
            let code = Int32(bitPattern: Self.number(reply, at: Self.headerSize, UInt32.self))
            throw SystemCallError(call: "sock_diag", code: code == 0 ? EBADMSG : -code)
        }
        guard type == UInt16(SOCK_DIAG_BY_FAMILY), reply.count >= Self.messageSize else {
            throw SystemCallError(call: "sock_diag", code: EBADMSG)
        }
        // Without a connected socket of that pair the kernel offers a listener on its port, which isn't the one we
        // mean.
        guard reply[Self.headerSize + 1] != SocketLine.listening else {
            throw SystemCallError(call: "sock_diag", code: ENOENT)
        }
        let ports = Array(reply[(Self.headerSize + 4)..<(Self.headerSize + 8)])
        guard ports == Array(addresses.prefix(4)) else {
            throw SystemCallError(call: "sock_diag", code: ENOENT)
        }
        Self.answered.bitwiseOr(family, ordering: .relaxed)
        return SocketOwner(
            uid: Self.number(reply, at: Self.messageSize - 8, UInt32.self),
            inode: UInt64(Self.number(reply, at: Self.messageSize - 4, UInt32.self))
        )
    }

    /// The first part of a sockid: both ports, both addresses padded to 16 bytes.
    private var addresses: [UInt8] {
        let ports = [local.port, remote.port].flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        let hosts = [local, remote].flatMap {
            $0.bytes + [UInt8](repeating: 0, count: 16 - $0.bytes.count)
        }
        return ports + hosts
    }

    private static func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        (0..<MemoryLayout<Number>.size).map { UInt8(truncatingIfNeeded: number.littleEndian >> ($0 * 8)) }
    }

    private static func number<Number: FixedWidthInteger>(
        _ bytes: [UInt8],
        at offset: Int,
        _: Number.Type
    ) -> Number {
        var value: Number = 0
        for index in (0..<MemoryLayout<Number>.size).reversed() {
            value = value << 8 | Number(truncatingIfNeeded: bytes[offset + index])
        }
        return Number(littleEndian: value)
    }
}
