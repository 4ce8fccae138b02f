// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory
import Testing

@testable import KDBX

/// A small database with a bit of everything.
enum SampleDatabase {
    static let layout = Layout(keyDerivation: .aes(rounds: 10))
    static let then = Timestamp(unix: 1_700_000_000)
    static let password = "p&<>\"'\r\n\t äöü 🔑"

    static func database(_ layout: Layout = layout) throws -> Database {
        var database = Database(new: "Sample", layout, at: then)
        let root = try #require(database.root.id)
        let group = try database.addGroup("Internet", to: root, at: then)
        for number in 1...3 {
            let id = try database.addEntry(
                to: group,
                [
                    FieldChange("Title", "Entry \(number)"),
                    FieldChange("UserName", "person\(number)"),
                    FieldChange("Password", "\(password)\(number)"),
                    FieldChange("URL", "https://example.com/?a=1&b=\(number)"),
                    FieldChange("PIN", SecretBytes(utf8: "123\(number)"), isProtected: true),
                    FieldChange("Colour", "red\rgreen\n"),
                ],
                at: then
            )
            let later = Timestamp(unix: then.unix + Int64(number))
            try database.change(id, [FieldChange("Password", "\(password)new")], at: later)
        }
        return database
    }
}
