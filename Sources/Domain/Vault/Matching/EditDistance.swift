// SPDX-License-Identifier: Apache-2.0

/// By how many letters two texts differ: the Levenshtein distance, bounded in work.
enum EditDistance {
    /// No more than this many letters of each text are compared with each other.
    static let limit = 256

    /// The limit for ordering so many logins: each comparison costs the square of the limit, and all of them together
    /// must cost no more than a thread may take while others wait.
    static func limit(for count: Int) -> Int {
        let share = (Double(mostWork) / Double(max(1, count))).squareRoot()
        return max(16, min(limit, Int(share)))
    }

    /// How many pairs of letters are compared for all logins of a page.
    private static let mostWork = 2_000_000

    /// No more than this many letters of a text are looked at: what comes after them doesn't tell logins apart.
    static let longest = 2048

    /// A URL or title as it is compared: the letters of its beginning, in lower case.
    static func compared(_ text: String) -> [Unicode.Scalar] {
        // A short one, which nearly every one is, needs no look at its letters.
        guard text.utf8.count > longest else { return Array(text.lowercased().unicodeScalars) }
        return Array(String(text.unicodeScalars.prefix(longest)).lowercased().unicodeScalars)
    }

    /// How many letters have to be put in, left out or changed to make one text of the other.
    ///
    /// Common beginnings and ends cost nothing. Of what is in between, the part beyond `limit` counts by its length
    /// alone, so that a page's endless query costs no time.
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
