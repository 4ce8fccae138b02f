// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A listening socket that the service manager opened for us.
package struct AdoptedSocket: Hashable, Sendable {
    /// The descriptor; ours to close.
    package let number: Int32

    /// The name its unit gave it, or empty.
    package let name: String

    /// Where it listens; nil if it isn't an internet socket.
    package let address: InternetAddress?
}

/// The sockets that systemd passes (sd_listen_fds).
package enum Listeners {
    /// Takes over what was passed to this process, once: the environment is cleared of it.
    package static func adopt() -> [AdoptedSocket] {
        func value(_ name: String) -> String? {
            unsafe getenv(name).map { unsafe String(cString: $0) }
        }
        let passed = numbers(
            pid: value("LISTEN_PID"),
            count: value("LISTEN_FDS"),
            names: value("LISTEN_FDNAMES"),
            process: getpid()
        )
        for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] {
            unsafe unsetenv(name)
        }
        return passed.compactMap { number, name in
            guard fcntl(number, F_SETFD, FD_CLOEXEC) == 0 else { return nil }
            return AdoptedSocket(number: number, name: name, address: InternetAddress(ofSocket: number))
        }
    }

    /// Reads the three variables; none if they are meant for another process or broken.
    static func numbers(
        pid: String?,
        count: String?,
        names: String?,
        process: Int32
    ) -> [(number: Int32, name: String)] {
        // More than a thousand would be a broken variable rather than a unit of ours.
        guard pid.flatMap({ Int32($0) }) == process, let count = count.flatMap({ Int32($0) }),
            (1...1024).contains(count)
        else { return [] }
        let names = names?.split(separator: ":", omittingEmptySubsequences: false).map(String.init) ?? []
        return (0..<count).map { index in
            (3 + index, Int(index) < names.count ? names[Int(index)] : "")
        }
    }
}
