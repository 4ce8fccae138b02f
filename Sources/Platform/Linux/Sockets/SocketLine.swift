// SPDX-License-Identifier: Apache-2.0

/// One line of /proc/net/tcp or tcp6.
///
///     sl  local_address rem_address   st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …
///      0: 0100007F:4BFF 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0   0       1234  …
struct SocketLine: Equatable {
    let local: InternetAddress
    let remote: InternetAddress
    let state: UInt8
    let uid: UInt32
    let inode: UInt64

    /// TCP_LISTEN in the kernel's numbering.
    static let listening: UInt8 = 0x0A

    var isListening: Bool { state == Self.listening }
    var isConnected: Bool { state != Self.listening }

    /// Reads a line; nil for the heading or anything else.
    init?(_ line: some Collection<UInt8>) {
        let fields = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.map {
            String(decoding: $0, as: UTF8.self)
        }
        guard fields.count >= 10,
            let local = Self.address(fields[1]), let remote = Self.address(fields[2]),
            let state = UInt8(fields[3], radix: 16), let uid = UInt32(fields[7]),
            let inode = UInt64(fields[9])
        else { return nil }
        self.local = local
        self.remote = remote
        self.state = state
        self.uid = uid
        self.inode = inode
    }

    /// Reads `0100007F:4BFF`: words of the network-order address printed as native integers, and the port.
    private static func address(_ text: String) -> InternetAddress? {
        let halves = text.split(separator: ":")
        guard halves.count == 2, let port = UInt16(halves[1], radix: 16), halves[0].count % 8 == 0 else {
            return nil
        }
        var bytes: [UInt8] = []
        var rest = halves[0]
        while !rest.isEmpty {
            guard let word = UInt32(rest.prefix(8), radix: 16) else { return nil }
            var native = word.littleEndian
            for _ in 0..<4 {
                bytes.append(UInt8(truncatingIfNeeded: native))
                native >>= 8
            }
            rest = rest.dropFirst(8)
        }
        return InternetAddress(bytes: bytes, port: port)
    }
}
