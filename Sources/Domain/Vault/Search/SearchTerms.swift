// SPDX-License-Identifier: Apache-2.0

/// The terms of a simple search: words separated by spaces, quotes around what belongs together, `-` before what must
/// not be there.
struct SearchTerms: Equatable {
    /// What must all be found, each anywhere in the entry.
    private(set) var wanted: [String] = []
    /// What must not be found anywhere in it.
    private(set) var unwanted: [String] = []

    /// Reads a search text; a quote that isn't closed reaches to the end; a lone `-` is a word.
    init(_ text: String) {
        // By scalars: finding where one letter ends isn't cheap in a pile of combining marks.
        var rest = text.unicodeScalars[...]
        while true {
            rest = rest.drop(while: \.properties.isWhitespace)
            guard let first = rest.first else { return }
            let isUnwanted =
                first == "-" && rest.dropFirst().first.map { !$0.properties.isWhitespace } ?? false
            if isUnwanted { rest = rest.dropFirst() }
            let term = Self.term(&rest)
            guard !term.isEmpty else { continue }
            if isUnwanted { unwanted.append(term) } else { wanted.append(term) }
        }
    }

    /// How many there are.
    var count: Int { wanted.count + unwanted.count }

    private static func term(_ rest: inout Substring.UnicodeScalarView) -> String {
        var term = String.UnicodeScalarView()
        var isQuoted = false
        while let letter = rest.first, isQuoted || !letter.properties.isWhitespace {
            rest = rest.dropFirst()
            if letter == "\"" { isQuoted.toggle() } else { term.append(letter) }
        }
        return String(term)
    }
}
