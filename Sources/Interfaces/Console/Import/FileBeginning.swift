// SPDX-License-Identifier: Apache-2.0

/// What a file is by its first bytes, where it isn't CSV.
enum FileBeginning {
    case kdbx, keePass1, utf16, json, xml, archive, binary

    /// How many bytes tell.
    static let length = 8

    /// Looks at the first bytes; nil for what may be CSV.
    init?(_ bytes: [UInt8]) {
        let text = bytes.drop { [0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) }
        switch bytes {
        case _ where bytes.starts(with: [0x03, 0xD9, 0xA2, 0x9A, 0x65, 0xFB, 0x4B, 0xB5]): self = .keePass1
        case _ where bytes.starts(with: [0x03, 0xD9, 0xA2, 0x9A]): self = .kdbx
        case _ where bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]): self = .utf16
        case _ where bytes.starts(with: "PK\u{3}\u{4}".utf8): self = .archive
        case _ where bytes.contains(0): self = .binary
        case _ where text.starts(with: "{".utf8) || text.starts(with: "[".utf8): self = .json
        case _ where text.starts(with: "<".utf8): self = .xml
        default: return nil
        }
    }

    /// What it is, as the end of a sentence.
    var words: String {
        switch self {
        case .kdbx: "it is a KeePass database."
        case .keePass1:
            "it is a file of KeePass 1; open it in KeePassXC, save it as KDBX 4, and import that."
        case .utf16: "it is UTF-16, as some spreadsheets save it, not UTF-8."
        case .json: "it is JSON; choose CSV where you export it."
        case .xml: "it is XML."
        case .archive: "it is an archive (zip)."
        case .binary: "it is no text."
        }
    }
}
