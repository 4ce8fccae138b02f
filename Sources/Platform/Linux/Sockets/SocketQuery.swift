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
    private static let questionSize = headerSize + 56
    /// Room for what an answer begins with, which is all that is read of it.
    private static let room = 512

    /// The socket that questions go over, one after the other; it stays open, and is another after any trouble.
    private static let shared = Mutex(Line())

    private struct Line: ~Copyable {
        private var socket: Descriptor?
        private var sequence: UInt32 = 0

        /// Sends a question and returns the answer's beginning.
        mutating func ask(_ query: borrowing SocketQuery) throws(SystemCallError) -> [UInt8] {
            // Put back only if all goes well: an answer that comes late is never taken for another's.
            let socket = try open()
            sequence &+= 1
            let bytes = query.question(sequence)
            // Without an address the datagram goes to the kernel, which answers before send returns.
            guard unsafe send(socket.number, bytes, bytes.count, 0) == bytes.count else {
                throw .last("send")
            }
            var reply = [UInt8](repeating: 0, count: SocketQuery.room)
            let count = unsafe recv(socket.number, &reply, reply.count, Int32(MSG_DONTWAIT))
            guard count >= 0 else { throw .last("recv") }
            reply.removeLast(reply.count - count)
            guard count >= SocketQuery.headerSize, SocketQuery.number(reply, at: 8, UInt32.self) == sequence
            else {
                throw SystemCallError(call: "sock_diag", code: EBADMSG)
            }
            self.socket = consume socket
            return reply
        }

        private mutating func open() throws(SystemCallError) -> Descriptor {
            if let open = socket.take() { return open }
            return try Descriptor(
                "socket",
                Glibc.socket(
                    AF_NETLINK,
                    Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue),
                    NETLINK_SOCK_DIAG
                )
            )
        }
    }

    /// For which families the kernel has found a socket: it has their tables, so what it doesn't find isn't there.
    private static let answered = Atomic<UInt8>(0)

    private var family: UInt8 { local.isIPv6 ? 2 : 1 }

    /// Whether ENOENT means that there is no such socket, and not that there may be no such table.
    var isReliable: Bool { Self.answered.load(ordering: .relaxed) & family != 0 }

    /// Asks; an inode of 0 means a socket without an owner.
    ///
    /// - Throws: The kernel's `errno`: ENOENT if there is no such socket (or no such table).
    func ask() throws(SystemCallError) -> SocketOwner {
        try answer(in: Self.shared.withLock { line throws(SystemCallError) in try line.ask(self) })
    }

    /// The question as bytes.
    func question(_ sequence: UInt32 = 1) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.questionSize)
        Self.append(UInt32(Self.questionSize), to: &bytes)
        Self.append(UInt16(SOCK_DIAG_BY_FAMILY), to: &bytes)
        Self.append(UInt16(NLM_F_REQUEST), to: &bytes)
        Self.append(sequence, to: &bytes)
        Self.append(UInt32(0), to: &bytes)
        bytes.append(UInt8(local.isIPv6 ? AF_INET6 : AF_INET))
        bytes.append(UInt8(IPPROTO_TCP))
        Self.append(UInt16(0), to: &bytes)
        Self.append(UInt32.max, to: &bytes)  // any state
        for end in [local, remote] { Self.append(end.port.byteSwapped, to: &bytes) }
        for end in [local, remote] {
            bytes += end.bytes
            bytes += repeatElement(0, count: 16 - end.bytes.count)
        }
        Self.append(UInt32(0), to: &bytes)  // any interface
        Self.append(UInt64.max, to: &bytes)  // INET_DIAG_NOCOOKIE, twice
        return bytes
    }

    /// Reads the kernel's answer.
    func answer(in reply: [UInt8]) throws(SystemCallError) -> SocketOwner {
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
        guard Self.number(reply, at: Self.headerSize + 4, UInt16.self) == local.port.bigEndian,
            Self.number(reply, at: Self.headerSize + 6, UInt16.self) == remote.port.bigEndian
        else {
            throw SystemCallError(call: "sock_diag", code: ENOENT)
        }
        Self.answered.bitwiseOr(family, ordering: .relaxed)
        return SocketOwner(
            uid: Self.number(reply, at: Self.messageSize - 8, UInt32.self),
            inode: UInt64(Self.number(reply, at: Self.messageSize - 4, UInt32.self))
        )
    }

    /// Puts a number behind what is there, in the machine's order, as the kernel wants it.
    private static func append<Number: FixedWidthInteger>(_ number: Number, to bytes: inout [UInt8]) {
        for place in 0..<MemoryLayout<Number>.size {
            bytes.append(UInt8(truncatingIfNeeded: number.littleEndian >> (place * 8)))
        }
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
