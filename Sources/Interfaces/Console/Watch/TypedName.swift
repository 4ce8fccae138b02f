// SPDX-License-Identifier: Apache-2.0

import DisplayText

/// A name for a client, as far as it has been typed.
struct TypedName: Equatable {
    private var bytes: [UInt8] = []

    /// Longer than any Id may be; what is typed beyond it is left out.
    private static let limit = 256

    /// Takes a byte of UTF-8, or one that deletes the last letter.
    mutating func take(_ byte: UInt8) {
        switch byte {
        case 8, 127:
            // A letter may be several bytes; what remains is always whole ones.
            var text = String(decoding: bytes, as: UTF8.self)
            if !text.isEmpty { text.removeLast() }
            bytes = Array(text.utf8)
        case 21: bytes = []  // Ctrl-U
        case 0..<32: break
        default: if bytes.count < Self.limit { bytes.append(byte) }
        }
    }

    /// What is shown of it.
    var line: String { "Name: " + shown }

    /// The name; nil while there is none.
    var id: String? {
        let name = shown.trimmed
        return name.isEmpty ? nil : name
    }

    private var shown: String { PlainText.cleaned(String(decoding: bytes, as: UTF8.self)) }
}

extension String {
    /// The text without blanks at its ends.
    var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
