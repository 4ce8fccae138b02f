// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Messages to a socket of this machine, as service managers and journals take them.
///
/// Each receiver needs one of its own: what one doesn't take fills the sending socket, which then takes nothing for others.
final class UnixDatagram: Sendable {
    /// What they are sent from; it stays open.
    private let socket = Mutex<Descriptor?>(nil)

    /// Sends a message; this doesn't wait for space at the other end.
    ///
    /// - Parameters:
    ///   - bytes: The message.
    ///   - path: A path, or `@` and an abstract name.
    /// - Returns: False where nobody takes it.
    func send(_ bytes: [UInt8], to path: String) -> Bool {
        guard path.hasPrefix("/") || path.hasPrefix("@") else { return false }
        var name = Array(path.utf8)
        if path.hasPrefix("@") { name[0] = 0 }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard name.count < room else { return false }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
        let length = socklen_t(MemoryLayout.size(ofValue: address) - room + name.count)
        let sent = socket.withLock { socket -> Int in
            if socket == nil {
                let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
                socket = try? Descriptor("socket", Glibc.socket(AF_UNIX, kind, 0))  // maybe none is left
            }
            guard let number = socket?.number else { return -1 }
            return unsafe withUnsafeBytes(of: &address) { buffer in
                unsafe sendto(
                    number,
                    bytes,
                    bytes.count,
                    Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT),
                    buffer.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                    length
                )
            }
        }
        return sent == bytes.count
    }
}
