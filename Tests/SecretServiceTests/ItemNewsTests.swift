// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SecretService

@Suite struct ItemNewsTests {
    private func event(_ path: String?) -> KeyringEvent { .itemsChanged(path: path) }

    @Test func `the first change of an item is told at once, the rest once at the end`() {
        var news = ItemNews()
        #expect(!news.isUnsettled)
        #expect(news.hears(of: "a") == event("a"))
        #expect(news.isUnsettled)
        for _ in 0..<40 { #expect(news.hears(of: "a") == nil) }
        #expect(news.hears(of: "b") == event("b"))
        #expect(news.settles() == [event("a")])
        #expect(!news.isUnsettled)
        #expect(news.settles().isEmpty)
        #expect(news.hears(of: "a") == event("a"))
    }

    @Test func `beyond a number of items there is one word about those, and another about what came later`() {
        var news = ItemNews()
        for number in 0..<ItemNews.most { #expect(news.hears(of: "\(number)") == event("\(number)")) }
        #expect(news.hears(of: "x") == .manyItemsChanged(paths: ["x"]))
        #expect(news.settles().isEmpty)

        for number in 0..<ItemNews.most { _ = news.hears(of: "\(number)") }
        #expect(news.hears(of: "x") == .manyItemsChanged(paths: ["x"]))
        #expect(news.hears(of: "y") == nil)
        #expect(news.hears(of: "x") == nil)
        #expect(news.hears(of: "0") == nil)
        #expect(news.settles() == [.manyItemsChanged(paths: ["0", "x", "y"])])
    }
}
