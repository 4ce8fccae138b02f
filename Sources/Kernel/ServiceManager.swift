// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The service manager that started us, if any.
package enum ServiceManager {
    /// Tells it a state such as `READY=1` or `STOPPING=1` (sd_notify).
    ///
    /// - Parameters:
    ///   - state: Lines of `NAME=value`.
    ///   - path: Where to, by default what `NOTIFY_SOCKET` names: a path, or `@` and an abstract name.
    /// - Returns: False where nobody listens for it, which is no error.
    @discardableResult
    package static func notify(_ state: String, socket path: String? = nil) -> Bool {
        let environment = unsafe getenv("NOTIFY_SOCKET").map { unsafe String(cString: $0) }
        guard let path = path ?? environment, path.hasPrefix("/") || path.hasPrefix("@") else { return false }
        var name = Array(path.utf8)
        if path.hasPrefix("@") { name[0] = 0 }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard name.count < room else { return false }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
        let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard let socket = try? Descriptor("socket", socket(AF_UNIX, kind, 0)) else {
            return false  // no descriptor left: the manager's own time limit tells the rest
        }
        let length = socklen_t(MemoryLayout.size(ofValue: address) - room + name.count)
        let bytes = Array(state.utf8)
        let sent = unsafe withUnsafeBytes(of: &address) { buffer in
            unsafe sendto(
                socket.number,
                bytes,
                bytes.count,
                Int32(MSG_NOSIGNAL),
                buffer.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                length
            )
        }
        return sent == bytes.count
    }
}
