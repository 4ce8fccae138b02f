// SPDX-License-Identifier: Apache-2.0

/// The `name=value&name=value` in which seeds are written; names in either case, values percent-encoded.
struct OneTimeQuery {
    private let values: [String: String]

    /// Reads a query; of a name that is there twice the first counts, and what isn't a pair is passed over.
    init(_ text: Substring) {
        let query = text.prefix { $0 != "#" }
        let pairs = query.split(separator: "&").compactMap { pair -> (String, String)? in
            guard let mark = pair.firstIndex(of: "=") else { return nil }
            return (pair[..<mark].lowercased(), Self.decoded(pair[pair.index(after: mark)...]))
        }
        values = Dictionary(pairs) { first, _ in first }
    }

    /// The value of a name in lower case; an empty one counts as none.
    subscript(name: String) -> String? {
        values[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2).compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
            guard byte == UInt8(ascii: "%"), digits.count == 2 else {
                bytes.append(byte)
                continue
            }
            bytes.append(UInt8(digits[0] << 4 | digits[1]))
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
