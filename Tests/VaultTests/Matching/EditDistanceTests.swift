// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Vault

@Suite struct EditDistanceTests {
    @Test(arguments: [
        ("", "", 0), ("abc", "abc", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2),
        ("http://www.host.com/path2?x=1", "http://www.host.com/path1", 4), ("ab", "ba", 2), ("aaa", "aa", 1),
        ("gumbo", "gambol", 2), ("ü", "u", 1),
    ])
    func `the distance is Levenshtein's`(left: String, right: String, distance: Int) {
        #expect(EditDistance.between(left, right) == distance)
        #expect(EditDistance.between(right, left) == distance)
    }

    @Test func `endless texts cost no more than long ones, and order as their lengths do`() {
        let base = "https://example.com/"
        let long = base + String(repeating: "x", count: 100_000)
        #expect(EditDistance.between(base, long) == 100_000)
        let other = "http" + String(repeating: "y", count: 50_000)
        #expect(EditDistance.between(long, other) >= 50_000)
    }
}
