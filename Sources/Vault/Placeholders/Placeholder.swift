// SPDX-License-Identifier: Apache-2.0

/// One placeholder that is ever resolved; whatever else stands in braces stays as it is.
///
/// Commands, files, environment variables and the clipboard are not among them and never will be: what a login
/// holds must not run or read anything of the machine.
enum Placeholder: Equatable {
    /// A standard field of the same entry.
    case part(PlaceholderEntry.Part)
    /// A string field of the same entry.
    case field(String)
    /// The code of the moment.
    case oneTimeCode
    /// A field of another entry.
    case reference(FieldReference)

    /// More bytes than this between braces are text.
    static let longest = 512

    /// Reads what stands between the braces.
    init?(_ inner: String) {
        switch inner.uppercased() {
        case "USERNAME": self = .part(.username)
        case "PASSWORD": self = .part(.password)
        case "URL": self = .part(.url)
        case "TITLE": self = .part(.title)
        case "TOTP", "TIMEOTP": self = .oneTimeCode
        case let name where name.hasPrefix("S:") && name.count > 2: self = .field(String(inner.dropFirst(2)))
        case let name where name.hasPrefix("REF:"):
            guard let reference = FieldReference(String(inner.dropFirst(4))) else { return nil }
            self = .reference(reference)
        default: return nil
        }
    }
}
