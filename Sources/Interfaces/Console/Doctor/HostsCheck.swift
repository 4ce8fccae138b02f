// SPDX-License-Identifier: Apache-2.0

import Linux

/// Checks that `localhost`, which clients have in their URL, is this machine.
enum HostsCheck {
    static let file = "/etc/hosts"

    static func findings() -> [Finding] {
        // Without an answer nothing is known, whatever the reason.
        guard let bytes = try? FileBytes.read(file) else {
            return [finding(hosts: nil)]
        }
        return [finding(hosts: String(decoding: bytes, as: UTF8.self))]
    }

    static func finding(hosts: String?) -> Finding {
        let advice = "Put the lines `127.0.0.1 localhost` and `::1 localhost` into /etc/hosts."
        guard let hosts else { return .warning(file, "can't be read", do: advice) }
        let addresses = hosts.split(whereSeparator: \.isNewline).compactMap { line -> String? in
            let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
            guard let address = words.first, words.dropFirst().contains("localhost") else { return nil }
            return String(address)
        }
        guard !addresses.isEmpty else {
            return .warning(
                file,
                "doesn't say what localhost is; some programs can't reach Keybell",
                do: advice
            )
        }
        let strangers = addresses.filter { address in
            !(InternetAddress(address, port: 0)?.isLoopback ?? false)
        }
        guard strangers.isEmpty else {
            return .failure(
                file,
                "says that localhost is \(strangers.joined(separator: ", ")), so programs ring elsewhere",
                do: advice
            )
        }
        return .ok("/etc/hosts", "localhost is \(addresses.joined(separator: " and "))")
    }
}
