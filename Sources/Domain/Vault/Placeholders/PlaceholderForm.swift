// SPDX-License-Identifier: Apache-2.0

import DisplayText
package import SecureMemory

/// Text in the form of a placeholder or a reference that Keybell or KeePass resolves, whether there is anything to
/// resolve or not: `{TOTP}`, `{S:…`, `{REF:…`.
///
/// What a client writes is text, and text of this form would turn into something else when it is next handed out, or in
/// KeePass: the entry's string fields, its one-time codes, another entry's password. It goes by the names alone, so
/// that `a{b}c`, a lone brace and JSON are text. A name that takes an argument counts without its closing brace, too:
/// two fields that are joined later must not make one.
package enum PlaceholderForm {
    /// Whether it stands anywhere in a text, within other braces, too.
    package static func stands(in text: String) -> Bool {
        var scan = Scan()
        for scalar in text.unicodeScalars where scan.completes(with: scalar) { return true }
        return false
    }

    /// Whether it stands anywhere in a secret; what isn't UTF-8 is passed over.
    package static func stands(in secret: SecretBytes) -> Bool {
        var scan = Scan()
        return secret.hasScalar { scan.completes(with: $0) }
    }

    /// Names that stand alone between the braces or before a colon.
    private static let names: Set<String> = [
        "TITLE", "USERNAME", "PASSWORD", "PASSWORD_ENC", "URL", "NOTES", "UUID", "BASE",
        "TOTP", "TIMEOTP", "HMACOTP", "NEWPASSWORD", "CLIPBOARD", "APPDIR", "GROUP", "GROUPPATH",
        "INTERNETEXPLORER", "FIREFOX", "OPERA", "GOOGLECHROME",
        "SAFARI", "EDGE",
    ]
    /// Names that need a colon and something after it to mean anything.
    private static let nameBeforeColon: Set<String> = ["S", "REF", "C", "CMD", "CLIPBOARD-SET"]
    /// What whole families of names begin with.
    private static let families = ["DT_", "DB_", "ENV_", "GROUP_", "T-", "PICK"]
    /// No name is longer.
    private static let longestName = 32

    /// How far a text has been read.
    private struct Scan {
        /// What has been read of a name since the last opening brace, in upper case; nil where there is none.
        private var name: String?

        /// Whether a placeholder's form is complete with this scalar.
        mutating func completes(with scalar: Unicode.Scalar) -> Bool {
            if scalar == "{" {
                name = ""
                return false
            }
            guard let name else { return false }
            switch scalar {
            case "}":
                self.name = nil
                return names.contains(name) || families.contains { name.hasPrefix($0) }
            case ":":
                self.name = nil
                return names.contains(name) || nameBeforeColon.contains(name)
                    || families.contains { name.hasPrefix($0) }
            default:
                // What a store, or whatever shows it, might leave out.
                guard !PlainText.isHidden(scalar), !PlainText.isUnknown(scalar) else { return false }
                guard let letter = Self.letter(scalar), name.utf8.count < longestName else {
                    self.name = nil
                    return false
                }
                self.name = name + letter
                return false
            }
        }

        /// A letter of a name as all comparisons that ignore case have it, KeePass's and Swift's alike.
        private static func letter(_ scalar: Unicode.Scalar) -> String? {
            switch scalar {
            case "ſ": "S"
            case "ı", "İ": "I"
            case "\u{212A}": "K"
            case "A"..."Z", "0"..."9", "-", "_": String(scalar)
            case "a"..."z": String(scalar).uppercased()
            default: nil
            }
        }
    }
}
