// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The service manager that started us, if any.
package enum ServiceManager {
    private static let datagrams = UnixDatagram()

    /// Sends it a state such as `READY=1` or `STOPPING=1` (sd_notify).
    ///
    /// - Parameters:
    ///   - state: Lines of `NAME=value`.
    ///   - path: Where to, by default what `NOTIFY_SOCKET` names: a path, or `@` and an abstract name.
    /// - Returns: False if nobody is listening for it, which isn't an error.
    @discardableResult
    package static func notify(_ state: String, socket path: String? = nil) -> Bool {
        let environment = unsafe getenv("NOTIFY_SOCKET").map { unsafe String(cString: $0) }
        guard let path = path ?? environment else { return false }
        return datagrams.send(Array(state.utf8), to: path)
    }
}
