// SPDX-License-Identifier: Apache-2.0

import Approval
import DisplayText

/// A name that goes with letting a client in, as far as it has been typed.
struct TypedName: Equatable {
    /// What is named.
    private enum Meaning: String {
        case client = "Name"
        case vault = "Vault"
    }

    private let meaning: Meaning
    private var bytes: [UInt8] = []

    /// Longer than any Id may be; what is typed beyond it is left out.
    private static let limit = 256

    /// Nil for a key that asks for none, or not with this request.
    init?(_ key: UInt8, for request: RequestDetails) {
        switch key {
        case UInt8(ascii: "i") where request.kind == .associate: meaning = .client
        case UInt8(ascii: "v") where request.letsClientIn: meaning = .vault
        default: return nil
        }
    }

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
    var line: String { meaning.rawValue + ": " + shown }

    /// What is asked for.
    var question: String {
        switch meaning {
        case .client: "Type the name and press Enter (Esc: go back)."
        case .vault: "Type the name of the one vault that it is to see and press Enter (Esc: go back)."
        }
    }

    /// What it lets a client in with, and how that is called; nil while there is no name.
    var allow: (choices: AnswerChoices, how: String)? {
        let name = shown.trimmed
        guard !name.isEmpty else { return nil }
        return switch meaning {
        case .client: (AnswerChoices(id: name), "under the name “\(name)”")
        case .vault: (AnswerChoices(part: ClientPart(vaults: [name])), "to see the vault “\(name)” alone")
        }
    }

    /// What is said where none was typed.
    var missing: String {
        switch meaning {
        case .client: "No other name."
        case .vault: "No vault."
        }
    }

    private var shown: String { PlainText.cleaned(String(decoding: bytes, as: UTF8.self)) }
}

extension String {
    /// The text without blanks at its ends.
    var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
