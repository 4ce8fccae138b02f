// SPDX-License-Identifier: Apache-2.0

/// A placeholder that is resolved; anything else in braces stays as it is.
///
/// Commands, files, environment variables and the clipboard are not among them and never will be: what a login
/// holds must not run or read anything of the machine.
enum Placeholder: Equatable {
    /// A standard field of the same entry.
    case part(PlaceholderEntry.Part)
    /// A string field of the same entry.
    case field(String)
    /// The uuid of the same entry, 32 hex digits.
    case uuid
    /// A part of the URL of the same entry.
    case urlPart(URLPart)
    /// The time, or a part of it.
    case date(DatePart)
    /// The current one-time code.
    case oneTimeCode
    /// The next one-time code by a counter.
    case counterCode
    /// A field of another entry.
    case reference(FieldReference)

    /// More bytes than this between braces are text.
    static let longest = 512
    /// More placeholders than this in one text, and in what they stand for, are left as text.
    static let mostPerText = 100

    /// Reads what stands between the braces; the names are in ASCII, of either case.
    init?(_ inner: String) {
        switch Self.uppercased(inner) {
        case "USERNAME": self = .part(.username)
        case "PASSWORD": self = .part(.password)
        case "URL": self = .part(.url)
        case "TITLE": self = .part(.title)
        case "NOTES": self = .part(.notes)
        case "UUID": self = .uuid
        case "TOTP", "TIMEOTP": self = .oneTimeCode
        case "HMACOTP": self = .counterCode
        case let name where name.utf8.starts(with: "S:".utf8) && name.utf8.count > 2:
            self = .field(String(inner.unicodeScalars.dropFirst(2)))
        case let name where name.utf8.starts(with: "URL:".utf8):
            guard let part = URLPart(rawValue: String(name.unicodeScalars.dropFirst(4))) else { return nil }
            self = .urlPart(part)
        case let name where name.utf8.starts(with: "DT_".utf8):
            guard let part = DatePart(String(name.unicodeScalars.dropFirst(3))) else { return nil }
            self = .date(part)
        case let name where name.utf8.starts(with: "REF:".utf8):
            let text = String(inner.unicodeScalars.dropFirst(4))
            guard let reference = FieldReference(text) else { return nil }
            self = .reference(reference)
        default: return nil
        }
    }

    /// ASCII alone: `ı` must not become an `I`, nor `ſ` an `S`.
    private static func uppercased(_ text: String) -> String {
        let bytes = text.utf8.map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) ? $0 & 0xDF : $0 }
        return String(decoding: bytes, as: UTF8.self)
    }
}
