// SPDX-License-Identifier: Apache-2.0

import Glibc
import Linux
import Settings

/// Checks the port: who listens there, and whether this machine has both loopback addresses.
enum PortCheck {
    /// Who listens on an address.
    struct Listener: Equatable, Sendable {
        let uid: UInt32
        /// Processes that hold the socket; empty where they can't be seen.
        let holders: [DaemonProcess]
        /// Whether it says that it is Keybell; asked only where its process can't be seen.
        var saysKeybell = false
        /// Whether the daemon on this bus says that the socket is its own; nil where it doesn't say.
        var isOwn: Bool?
    }

    /// Why a daemon that runs needn't listen on a port.
    enum Elsewhere: Equatable, Sendable {
        /// It goes by another file.
        case otherFile(String)
        /// It began with another port, or hasn't read what the file says now.
        case formerPort

        /// - Parameters:
        ///   - file: The file that is looked at; nil for the daemon's own.
        ///   - details: What the daemon says of its configuration.
        init?(_ file: String?, _ details: ConfigurationDetails?) {
            guard let details else { return nil }
            if !details.isOf(file) {
                self = .otherFile(details.file)
            } else if details.problem.isEmpty,
                !details.isCurrent || details.afterRestart.contains("http.port")
            {
                self = .formerPort
            } else {
                return nil
            }
        }
    }

    /// Which port is to be looked at; nil while there is no telling.
    ///
    /// - Parameters:
    ///   - configuration: What the file says; nil while it has a mistake.
    ///   - file: The file that is looked at; nil for the daemon's own.
    ///   - details: What the daemon says of its configuration, which a mistake in the file leaves in force.
    /// - Returns: The port.
    static func port(
        _ configuration: Configuration?,
        _ file: String?,
        _ details: ConfigurationDetails?
    ) -> UInt16? {
        if let configuration { return UInt16(clamping: configuration.http.port) }
        return details?.isOf(file) == true ? details?.serving?.port : nil
    }

    /// Looks at a port; at none if it isn't known which it is to be, as while the configuration has a mistake: what is to
    /// be done about the port is known only when that is corrected.
    static func findings(
        port: UInt16?,
        daemon: DaemonProcess?,
        elsewhere: Elsewhere? = nil,
        sockets: Set<UInt64>? = nil
    ) async -> [Finding] {
        guard let port else {
            let text = "which one is to be used can't be read from the configuration"
            return [.warning("Port", text, do: "Correct the configuration, then run this again.")]
        }
        var findings: [Finding] = []
        for host in ["127.0.0.1", "::1"] {
            guard let address = InternetAddress(host, port: port) else { continue }
            if host == "::1", !hasIPv6Loopback() {
                findings.append(
                    .warning(
                        "IPv6",
                        "this machine has no ::1",
                        do: "Chromium tries ::1 first, then 127.0.0.1; nothing needs to be done."
                    )
                )
                continue
            }
            do {
                let socket = try SocketTable.listener(on: address)
                var listener = socket.map(listener)
                if let socket { listener?.isOwn = sockets?.contains(socket.inode) }
                // The daemon lets nobody look into its process, not even its own user.
                if let found = listener, found.isOwn != true, found.holders.isEmpty, found.uid == getuid() {
                    listener?.saysKeybell = await DaemonAddress.saysKeybell(host, port: port)
                }
                findings.append(
                    finding(
                        address.description,
                        listener,
                        daemon: daemon,
                        ownUID: getuid(),
                        elsewhere: elsewhere
                    )
                )
            } catch {
                findings.append(
                    .warning(
                        address.description,
                        "who listens can't be found out (\(error))",
                        do: "Is /proc mounted?"
                    )
                )
            }
        }
        return findings
    }

    private static func listener(_ owner: SocketOwner) -> Listener {
        let holders = SocketHolder.find([owner.inode]).holders.map { holder in
            DaemonProcess(pid: holder.pid, executable: ProcessTable.executable(of: holder.pid) ?? "")
        }
        return Listener(uid: owner.uid, holders: holders)
    }

    static func finding(
        _ subject: String,
        _ listener: Listener?,
        daemon: DaemonProcess?,
        ownUID: UInt32,
        elsewhere: Elsewhere? = nil
    ) -> Finding {
        guard let listener else {
            guard daemon != nil else { return .ok(subject, "free") }
            switch elsewhere {
            case nil: break
            case .otherFile(let file): return .ok(subject, "free; the Keybell that runs goes by \(file)")
            case .formerPort:
                return .warning(
                    subject,
                    "nobody listens yet: the Keybell that runs began with another configuration",
                    do:
                        "Restart it: `systemctl --user restart keybell`. Where systemd holds the port, run `keybell socket` before."
                )
            }
            return .failure(
                subject,
                "nobody listens, though Keybell runs",
                do: "Restart it; its log says why it couldn't listen: `journalctl --user -u keybell`."
            )
        }
        guard listener.uid == ownUID else {
            return .failure(
                subject,
                "belongs to another user (uid \(listener.uid))",
                do:
                    "Run `keybell socket --own-port` (without systemd: set another `[http] port`), and set the same port in your browser extension."
            )
        }
        let names = listener.holders.map { "\($0.executable) (\($0.pid))" }.joined(separator: ", ")
        if let daemon,
            listener.isOwn ?? (listener.saysKeybell || listener.holders.contains { $0.pid == daemon.pid })
        {
            return .ok(subject, "Keybell listens")
        }
        if listener.holders.contains(where: { $0.executable.hasSuffix("/systemd") }) {
            return .ok(subject, "systemd holds it for Keybell, and starts it when somebody asks")
        }
        let isKeybell =
            listener.saysKeybell || listener.holders.contains { $0.executable.hasSuffix("/keybelld") }
        guard !isKeybell else {
            return .failure(
                subject,
                "a Keybell listens that this session bus doesn't know",
                do:
                    "Over SSH, say which bus is meant: export DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$(id -u)/bus. If it is of another session, end it, or give this one another port ([http] port)."
            )
        }
        return .failure(
            subject,
            "is held by another program: \(names.isEmpty ? "which can't be seen" : names)",
            do: "Stop that program (KeePass with KeePassHttp?), or give Keybell another port ([http] port)."
        )
    }

    /// Whether the loopback device has ::1, as the kernel's list of addresses says.
    private static func hasIPv6Loopback() -> Bool {
        // No such file means no IPv6.
        guard let bytes = try? FileBytes.read("/proc/net/if_inet6") else { return false }
        return String(decoding: bytes, as: UTF8.self).contains("00000000000000000000000000000001")
    }
}
