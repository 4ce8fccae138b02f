// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Vault

@Suite struct EditDistanceTests {
    private func distance(_ left: String, _ right: String) -> Int {
        EditDistance.between(Array(left.unicodeScalars)[...], Array(right.unicodeScalars)[...])
    }

    @Test(arguments: [
        ("", "", 0), ("abc", "abc", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2),
        ("http://www.host.com/path2?x=1", "http://www.host.com/path1", 4), ("ab", "ba", 2), ("aaa", "aa", 1),
        ("gumbo", "gambol", 2), ("ü", "u", 1),
    ])
    func `the distance is Levenshtein's`(left: String, right: String, distance: Int) {
        #expect(self.distance(left, right) == distance)
        #expect(self.distance(right, left) == distance)
    }

    @Test(arguments: [1, 2, 30, 200, 1500, 100_000])
    func `ordering many costs no more than ordering a few`(count: Int) {
        let limit = EditDistance.limit(for: count)
        #expect((16...EditDistance.limit).contains(limit))
        #expect(count > 30 || limit > EditDistance.limit - 8)
        #expect(limit == 16 || limit * limit * count <= 2_000_000)
    }

    @Test func `endless texts cost no more than long ones, and order as their lengths do`() {
        let base = "https://example.com/"
        let long = base + String(repeating: "x", count: 100_000)
        #expect(distance(base, long) == 100_000)
        let other = "http" + String(repeating: "y", count: 50_000)
        #expect(distance(long, other) >= 50_000)
    }
}
