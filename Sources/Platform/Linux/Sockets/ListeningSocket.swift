// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Synchronization

/// A TCP socket that listens, until someone takes its descriptor to serve it.
///
/// It listens as soon as this value exists: the kernel keeps early connections until they are accepted.
package final class ListeningSocket: Sendable {
    /// Where it listens; the port is the real one also where any was asked for.
    package let address: InternetAddress

    /// Its number in the kernel's tables (``SocketOwner/inode``), which no other socket gets; 0 where it can't be told.
    package let inode: UInt64

    private let number: Mutex<Int32?>

    /// Binds a socket of its own and listens; an IPv6 one takes IPv6 alone.
    ///
    /// - Parameter address: Where; port 0 for a free one.
    /// - Throws: `errno`: EADDRINUSE if the port is taken, EADDRNOTAVAIL or EAFNOSUPPORT if there is no such address.
    package convenience init(binding address: InternetAddress) throws(SystemCallError) {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let socket = try Descriptor("socket", socket(address.isIPv6 ? AF_INET6 : AF_INET, kind, 0))
        try Self.switchOn(SO_REUSEADDR, at: SOL_SOCKET, of: socket.number)
        if address.isIPv6 { try Self.switchOn(IPV6_V6ONLY, at: Int32(IPPROTO_IPV6), of: socket.number) }
        let bytes = address.socketAddress
        let result = unsafe bytes.withUnsafeBytes { buffer -> Int32 in
            guard let base = unsafe buffer.baseAddress?.assumingMemoryBound(to: sockaddr.self) else {
                return -1
            }
            return unsafe bind(socket.number, base, socklen_t(bytes.count))
        }
        guard result == 0 else { throw .last("bind") }
        guard listen(socket.number, 256) == 0 else { throw .last("listen") }
        guard let bound = InternetAddress(ofSocket: socket.number) else { throw .last("getsockname") }
        self.init(address: bound, number: socket.release())
    }

    /// Takes over a socket that the service manager opened.
    ///
    /// - Parameter socket: One of `Listeners.adopt()`; closed if it isn't a listening TCP socket.
    /// - Throws: EINVAL for any other kind of socket.
    package convenience init(adopting socket: AdoptedSocket) throws(SystemCallError) {
        let owned = Descriptor(adopting: socket.number)
        guard let address = socket.address,
            Self.option(SO_TYPE, of: owned.number) == Int32(SOCK_STREAM.rawValue),
            Self.option(SO_ACCEPTCONN, of: owned.number) == 1
        else { throw SystemCallError(call: "LISTEN_FDS", code: EINVAL) }
        self.init(address: address, number: owned.release())
    }

    private init(address: InternetAddress, number: Int32) {
        self.address = address
        var file = stat()
        inode = unsafe fstat(number, &file) == 0 ? UInt64(file.st_ino) : 0
        self.number = Mutex(number)
    }

    deinit {
        if let number = take() { close(number) }
    }

    /// Hands over the descriptor, once; the taker closes it.
    package func take() -> Int32? {
        number.withLock { number in
            defer { number = nil }
            return number
        }
    }

    private static func switchOn(_ option: Int32, at level: Int32, of number: Int32) throws(SystemCallError) {
        var one: Int32 = 1
        guard unsafe setsockopt(number, level, option, &one, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
            throw .last("setsockopt")
        }
    }

    private static func option(_ option: Int32, of number: Int32) -> Int32? {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(number, SOL_SOCKET, option, &value, &length) == 0 else { return nil }
        return value
    }
}
