// SPDX-License-Identifier: Apache-2.0

/// How many letters part two texts: the Levenshtein distance, bounded in work.
enum EditDistance {
    /// No more than this many letters of each text are compared one with the other.
    static let limit = 256

    /// The same where so many logins are ordered: comparing costs as much as the limit's square for each, and all of them
    /// together no more than a thread may take while others wait.
    static func limit(for count: Int) -> Int {
        let share = (Double(mostWork) / Double(max(1, count))).squareRoot()
        return max(16, min(limit, Int(share)))
    }

    /// How many pairs of letters are compared for all logins of a page.
    private static let mostWork = 2_000_000

    /// No more than this many letters of a text are looked at: what comes after them parts no two logins.
    static let longest = 2048

    /// A URL or title as it is compared: the letters of its beginning, in lower case.
    static func compared(_ text: String) -> [Unicode.Scalar] {
        // A short one, which nearly every one is, needs no look at its letters.
        guard text.utf8.count > longest else { return Array(text.lowercased().unicodeScalars) }
        return Array(String(text.unicodeScalars.prefix(longest)).lowercased().unicodeScalars)
    }

    /// How many letters have to be put in, left out or changed to make one text of the other.
    ///
    /// What the texts begin and end with alike costs nothing. Of what is between, the part beyond `limit` counts by
    /// its length alone, so that a page's endless query costs no time.
    static func between(
        _ left: ArraySlice<Unicode.Scalar>,
        _ right: ArraySlice<Unicode.Scalar>,
        limit: Int = limit
    ) -> Int {
        let (left, right) = differing(left, right)
        let beyond = max(left.count, limit) - max(right.count, limit)
        return exact(left.prefix(limit), right.prefix(limit)) + abs(beyond)
    }

    private static func differing(
        _ left: ArraySlice<Unicode.Scalar>,
        _ right: ArraySlice<Unicode.Scalar>
    ) -> (ArraySlice<Unicode.Scalar>, ArraySlice<Unicode.Scalar>) {
        let head = zip(left, right).prefix { $0 == $1 }.count
        let (leftRest, rightRest) = (left.dropFirst(head), right.dropFirst(head))
        let tail = zip(leftRest.reversed(), rightRest.reversed()).prefix { $0 == $1 }.count
        return (leftRest.dropLast(tail), rightRest.dropLast(tail))
    }

    private static func exact(_ left: ArraySlice<Unicode.Scalar>, _ right: ArraySlice<Unicode.Scalar>) -> Int
    {
        var row = Array(0...right.count)
        for (step, letter) in left.enumerated() {
            var diagonal = step
            row[0] = step + 1
            for (column, other) in right.enumerated() {
                let replaced = diagonal + (letter == other ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
            }
        }
        return row[right.count]
    }
}
