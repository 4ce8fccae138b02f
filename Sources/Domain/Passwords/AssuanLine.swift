// SPDX-License-Identifier: Apache-2.0

import DisplayText
import SecureMemory

/// A line that a server of the Assuan protocol sends.
enum AssuanLine: Equatable, Sendable {
    /// The command is done.
    case ok
    /// The command failed: libgpg-error's code without its source, and the server's words.
    case error(code: UInt32, text: String)
    /// A piece of the result, decoded.
    case data(SecretBytes)
    /// The server wants to know something first.
    case inquiry
    /// A status, a comment or an empty line, which mean nothing to us.
    case other

    /// Reads a line; nil if the protocol has no such line.
    init?(_ line: SecretBytes) {
        guard let parsed = line.withSpan({ Self.parse($0) }) else { return nil }
        self = parsed
    }

    private static func parse(_ line: Span<UInt8>) -> AssuanLine? {
        guard !line.isEmpty, line[0] != UInt8(ascii: "#") else { return .other }
        var end = 0
        while end < line.count, line[end] != UInt8(ascii: " ") { end += 1 }
        let rest = line.extracting(min(end + 1, line.count)...)
        if end == 1, line[0] == UInt8(ascii: "D") { return .data(decoded(rest)) }
        // From here on nothing in the line is a secret.
        switch text(line.extracting(..<end)) {
        case "OK": return .ok
        case "S": return .other
        case "INQUIRE": return .inquiry
        case "ERR": return error(text(rest))
        default: return nil
        }
    }

    private static func error(_ text: String) -> AssuanLine? {
        let words = text.split(separator: " ", maxSplits: 1)
        guard let number = words.first.flatMap({ UInt32($0) }) else { return nil }
        // The upper half says which library made it.
        return .error(
            code: number & 0xFFFF,
            text: words.count > 1 ? PlainText.field(String(words[1]), limit: PlainText.nameLimit) : ""
        )
    }

    /// Undoes the percent escapes; a lone percent sign stays what it is.
    private static func decoded(_ bytes: Span<UInt8>) -> SecretBytes {
        SecretBytes(capacity: bytes.count) { output in
            var index = 0
            while index < bytes.count {
                let byte = bytes[index]
                if byte == UInt8(ascii: "%"), index + 2 < bytes.count,
                    let high = digit(bytes[index + 1]), let low = digit(bytes[index + 2])
                {
                    output.append(high << 4 | low)
                    index += 3
                } else {
                    output.append(byte)
                    index += 1
                }
            }
        }
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    private static func text(_ bytes: Span<UInt8>) -> String {
        String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }
}
