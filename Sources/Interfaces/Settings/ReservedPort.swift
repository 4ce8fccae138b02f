// SPDX-License-Identifier: Apache-2.0

import Linux

/// The ports that an ordinary user's programs may not listen on.
enum ReservedPort {
    private static let usual = 1024

    /// The first one that everybody may have, on this computer.
    static var firstFree: Int {
        // Without /proc it is the usual one.
        guard let bytes = try? FileBytes.read("/proc/sys/net/ipv4/ip_unprivileged_port_start"),
            let number = Int(String(decoding: bytes.filter { (0x30...0x39).contains($0) }, as: UTF8.self))
        else { return usual }
        return number
    }

    /// What there is to say about a port that can't be had; nil about any other.
    static func advice(on port: Int, _ key: String, uid: UInt32, first: Int) -> ConfigurationAdvice? {
        guard uid != 0, port < first else { return nil }
        return ConfigurationAdvice(
            key: key,
            text:
                "Keybell may not listen on port \(port): those below \(first) are for the system's services",
            cure: "Choose another one, such as \(HTTPSettings().port)."
        )
    }
}
