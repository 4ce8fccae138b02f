// SPDX-License-Identifier: Apache-2.0

import BusInterface
import DBus
import DisplayText

/// Checks what the daemon says of the clients: whether what they are restricted to can be gone by.
enum ClientCheck {
    /// What there is to say of a client.
    ///
    /// - Parameters:
    ///   - client: What the daemon tells of it.
    ///   - vaults: The names of the daemon's vaults; nil where they aren't known.
    /// - Returns: What is wrong with it.
    static func findings(client: [String: Value], vaults: [String]?) -> [Finding] {
        typealias Key = ClientsInterface.Key
        let subject = "Client \(client.cleanText(Key.id))"
        let command = "keybell restrict \(ShellWord.quoting(client.cleanText(Key.id)))"
        guard client[Key.unreadable]?.asBool != true else {
            return [
                .failure(
                    subject,
                    "what it is restricted to can't be read, so that it gets nothing: somebody else than Keybell has changed its item in your keyring",
                    do:
                        "Say anew what it may see: `\(command) --vault NAME`, --group or --host, or --everything."
                )
            ]
        }
        guard let vaults, let own = client[ClientsInterface.Part.vaults]?.asStrings else { return [] }
        let missing = own.filter { name in !vaults.contains { $0.utf8.elementsEqual(name.utf8) } }
        guard !missing.isEmpty else { return [] }
        let names = missing.map { PlainText.name($0) }.joined(separator: ", ")
        let isWhole = missing.count == own.count
        return [
            .warning(
                subject,
                "is restricted to \(names), which \(missing.count == 1 ? "isn't" : "aren't") in the configuration"
                    + (isWhole ? ", so that it gets nothing" : ""),
                do:
                    "If that vault has another name now, or is gone: `\(command) --vault NAME` says what it may see."
            )
        ]
    }
}
