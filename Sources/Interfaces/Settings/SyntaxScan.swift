// SPDX-License-Identifier: Apache-2.0

/// A look at a TOML text before the parser's own: toml++ 3.1 ends the process, instead of reporting an error, over a
/// table's header that begins with what no key can begin with, such as `[=]`, `[.a]` or `[é]`, over a key of very many
/// parts, and over a brace in an array that closes nothing.
enum SyntaxScan {
    /// A place that the parser must not reach, and why.
    struct Mistake {
        let line: Int
        let column: Int
        let message: String
    }

    /// The first such place; nil if there is none.
    static func mistake(in text: String) -> Mistake? {
        var scanner = Scanner(bytes: Array(text.utf8))
        return scanner.mistake()
    }

    private struct Scanner {
        let bytes: [UInt8]
        var index = 0
        var line = 1
        var lineStart = 0
        /// What would close the brackets and braces of a value that are open; a header is never within them.
        var closers: [UInt8] = []
        /// How many dots this line has outside its texts: each part of a key is a table in a table.
        var dots = 0

        /// More than any key of ours has, and far fewer than the parser can take.
        static let mostDots = 64

        init(bytes: [UInt8]) {
            self.bytes = bytes
        }

        mutating func mistake() -> Mistake? {
            var isLineStart = true
            while index < bytes.count {
                let byte = bytes[index]
                switch byte {
                case UInt8(ascii: "\n"):
                    isLineStart = true
                    newLine()
                    continue
                case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): break
                case UInt8(ascii: "#"):
                    skipLine()
                    continue
                case UInt8(ascii: "["), UInt8(ascii: "{"):
                    if byte == UInt8(ascii: "["), isLineStart, closers.isEmpty {
                        if !isHeader() {
                            return here(
                                "a table's name begins with a letter, a digit, - or _, or stands in quotes"
                            )
                        }
                        isLineStart = false
                        continue
                    }
                    closers.append(byte == UInt8(ascii: "[") ? UInt8(ascii: "]") : UInt8(ascii: "}"))
                    isLineStart = false
                case UInt8(ascii: "."):
                    dots += 1
                    if dots > Self.mostDots {
                        return here("a key has more parts than any table here is deep")
                    }
                    isLineStart = false
                case UInt8(ascii: "]"), UInt8(ascii: "}"):
                    // The end of a header closes nothing here, and the parser reports what is too much outside a value.
                    if let closer = closers.popLast(), closer != byte {
                        return here("a \(closer == UInt8(ascii: "]") ? "[" : "{") isn't closed before this")
                    }
                    isLineStart = false
                case UInt8(ascii: "\""), UInt8(ascii: "'"):
                    skipString(byte)
                    isLineStart = false
                    continue
                default: isLineStart = false
                }
                index += 1
            }
            return nil
        }

        /// Whether what follows the bracket at hand can begin a key; stands there afterwards.
        private mutating func isHeader() -> Bool {
            index += 1
            if index < bytes.count, bytes[index] == UInt8(ascii: "[") { index += 1 }
            while index < bytes.count, [0x20, 0x09].contains(bytes[index]) { index += 1 }
            // The parser itself reports an empty header, and a text that ends here.
            guard index < bytes.count else { return true }
            switch bytes[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "]"):
                return true
            default: return false
            }
        }

        private func here(_ message: String) -> Mistake {
            Mistake(line: line, column: index - lineStart + 1, message: message)
        }

        private mutating func newLine() {
            dots = 0
            index += 1
            line += 1
            lineStart = index
        }

        private mutating func skipLine() {
            while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
        }

        /// Skips a string, of several lines if it begins with three quotes; an unfinished one ends with its line.
        private mutating func skipString(_ quote: UInt8) {
            let isLong = bytes[index...].starts(with: [quote, quote, quote])
            index += isLong ? 3 : 1
            while index < bytes.count {
                switch bytes[index] {
                case UInt8(ascii: "\n"):
                    guard isLong else { return }
                    newLine()
                case UInt8(ascii: "\\") where quote == UInt8(ascii: "\""):
                    index += index + 1 < bytes.count && bytes[index + 1] != UInt8(ascii: "\n") ? 2 : 1
                case quote where !isLong:
                    index += 1
                    return
                case quote where bytes[index...].starts(with: [quote, quote, quote]):
                    index += 3
                    return
                default: index += 1
                }
            }
        }
    }
}
