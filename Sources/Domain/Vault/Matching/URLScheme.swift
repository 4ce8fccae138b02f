// SPDX-License-Identifier: Apache-2.0

/// The scheme of an address, lower-case.
package struct URLScheme: Hashable, Sendable {
    /// The name, as it stands before `://`.
    package let name: String
    /// The port that it implies, or nil if its hosts aren't Internet hosts.
    ///
    /// What stands for a host in `androidapp://com.example.app` only looks like a DNS name, and belongs to nobody
    /// who owns that name.
    package let port: UInt16?

    /// No scheme's name is anywhere near as long.
    static let longest = 64

    /// Reads a name by the rules of RFC 3986, section 3.1.
    package init?(_ text: some StringProtocol) {
        guard let first = text.utf8.first, Self.isLetter(first) else { return nil }
        let isName = text.utf8.allSatisfy { byte in
            Self.isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
        }
        guard isName else { return nil }
        name = text.lowercased()
        port = Self.ports[name]
    }

    private static let ports: [String: UInt16] = [
        "dav": 80, "davs": 443, "ftp": 21, "ftps": 990, "git": 9418, "git+ssh": 22, "http": 80, "https": 443,
        "imap": 143, "imaps": 993, "irc": 6667, "ircs": 6697, "ldap": 389, "ldaps": 636, "mysql": 3306,
        "pop3": 110, "pop3s": 995, "postgresql": 5432, "rdp": 3389, "rsync": 873, "scp": 22, "sftp": 22,
        "smb": 445, "smtp": 25, "smtps": 465, "ssh": 22, "svn": 3690, "svn+ssh": 22, "telnet": 23,
        "vnc": 5900, "ws": 80, "wss": 443, "xmpp": 5222,
    ]

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
