// SPDX-License-Identifier: Apache-2.0

import DisplayText
import Testing

struct ColumnWidthTests {
    @Test(arguments: [
        ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本語", 6), ("한국", 4), ("a\u{200B}b", 2), ("🔑", 2),
        ("Ｗ", 2), ("пример", 6),
    ])
    func `a text takes as many columns as a terminal gives it`(text: String, width: Int) {
        #expect(text.columnWidth == width)
        #expect(text.map(\.columnWidth).reduce(0, +) == width)
    }
}
