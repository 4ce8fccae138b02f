// SPDX-License-Identifier: Apache-2.0

/// A keyring of many logins, as a file that gnome-keyring finds when it starts: to have it make as many takes minutes.
package enum KeyringFile {
    /// Writes it as the default keyring of a session whose gnome-keyring has yet to start; it has no password.
    ///
    /// - Parameters:
    ///   - count: How many logins; number 7 is for `https://host7.example/`.
    ///   - bus: The session's bus.
    /// - Throws: What keeps it from being written.
    package static func write(logins count: Int, for bus: PrivateBus) throws {
        try bus.folder.makeFolder("data/keyrings")
        var text = "[keyring]\ndisplay-name=big\nctime=0\nmtime=0\nlock-on-idle=false\nlock-after=false\n"
        for number in 1...count {
            let time = 1_700_000_000 + number
            text +=
                "\n[\(number)]\nitem-type=0\ndisplay-name=Login \(number)\nsecret=password \(number)\n"
                + "mtime=\(time)\nctime=\(time)\n"
            let attributes = [
                ("xdg:schema", "org.keybell.Login"), ("uuid", hex(number)), ("title", "Login \(number)"),
                ("username", "user\(number)"), ("url", "https://host\(number).example/"),
            ]
            for (index, (name, value)) in attributes.enumerated() {
                text += "\n[\(number):attribute\(index)]\nname=\(name)\ntype=string\nvalue=\(value)\n"
            }
        }
        try bus.folder.write("data/keyrings/big.keyring", text)
        try bus.folder.write("data/keyrings/default", "big")
    }

    private static func hex(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }
}
