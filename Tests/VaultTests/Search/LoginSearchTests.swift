// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Testing

@testable import Vault

@Suite struct LoginSearchTests {
    static let entries = [
        SearchableEntry(
            login: .sample("bank"),
            texts: [
                .titles: [.plain("My Bank")], .userNames: [.plain("bob")],
                .passwords: [.secret(SecretBytes(utf8: "pw1"))],
                .urls: [.plain("https://bank.example"), .plain("https://more.example")],
                .notes: [.plain("Café one")],
                .other: [.secret(SecretBytes(utf8: "pin 4321"))], .stringNames: [.plain("Telephone")],
                .tags: [.plain("money")], .uuids: [.plain(LoginID.named("bank").hex)],
                .groupPaths: [.plain("Root/Private")], .groupNames: [.plain("Private")],
            ],
            history: [[.titles: [.plain("Old Bank")], .passwords: [.secret(SecretBytes(utf8: "pw0"))]]]
        ),
        SearchableEntry(
            login: .sample("shop", expires: 500),
            texts: [
                .titles: [.plain("Shop")], .userNames: [.plain("bob smith")],
                .notes: [.plain("cafe\u{301} two")],
            ]
        ),
        SearchableEntry(
            login: .sample("hidden", isSearchable: false),
            texts: [.titles: [.plain("Hidden")], .userNames: [.plain("bob")]]
        ),
        SearchableEntry(login: .sample("bin", isRecycled: true), texts: [.titles: [.plain("bob")]]),
        SearchableEntry(
            login: Login(id: .keePassHttpSettings, title: "bob"),
            texts: [.titles: [.plain("bob")]]
        ),
    ]

    func found(_ search: LoginSearch) throws -> String {
        var budget = SearchBudget(until: .now + .seconds(60))
        return try Self.entries.filter { try search.finds($0, now: 1000, within: &budget) }
            .map(\.login.sampleName).joined(separator: " ")
    }

    @Test(arguments: [
        ("bob", "bank shop"), ("BOB", "bank shop"), ("bob bank", "bank"), ("bank bob", "bank"),
        ("bob -bank", "shop"),
        ("\"bob smith\"", "shop"), ("\"smith bob\"", ""), ("smith bob", "shop"),
        ("-\"bob smith\" bob", "bank"),
        ("-bob", ""), ("café", "bank shop"), ("cafe\u{301}", "bank shop"), ("4321", "bank"),
        ("more.example", "bank"),
        ("money", "bank"), ("pw1", ""), ("telephone", ""), ("private", ""), ("old", ""), ("- bob", ""),
        ("My\" \"Bank", "bank"), ("\"My Bank", "bank"), ("  bob   bank  ", "bank"), ("\"\" bob", "bank shop"),
        ("hidden", ""), ("-hidden bob", "bank shop"),
    ])
    func `all words must be found, and no unwanted one`(text: String, expected: String) throws {
        #expect(try found(LoginSearch(text)) == expected)
    }

    @Test(arguments: [
        (SearchPlace.titles, "my bank"), (.userNames, "bob"), (.passwords, "pw1"), (.urls, "bank.example"),
        (.notes, "café one"), (.other, "4321"), (.stringNames, "telephone"), (.tags, "money"),
        (.uuids, LoginID.named("bank").hex.lowercased()), (.groupPaths, "root/private"),
        (.groupNames, "private"),
    ])
    func `a search looks just where it is told`(place: SearchPlace, text: String) throws {
        let search = "\"\(text)\" -\"bob smith\""
        #expect(try found(LoginSearch(search, places: [place])) == "bank")
        let others = Set(SearchPlace.allCases).subtracting([place, .groupPaths, .history])
        if place != .groupPaths { #expect(try found(LoginSearch("\"\(text)\"", places: others)) == "") }
    }

    @Test func `former states are searched if that is wanted, in the same places`() throws {
        #expect(try found(LoginSearch("old", places: [.titles, .history])) == "bank")
        #expect(try found(LoginSearch("pw0", places: [.titles, .history])) == "")
        #expect(try found(LoginSearch("pw0", places: [.passwords, .history])) == "bank")
    }

    @Test func `expired and unsearchable entries are left out or not, as is wanted`() throws {
        #expect(try found(LoginSearch("bob", excludesExpired: true)) == "bank")
        #expect(try found(LoginSearch("bob", respectsSearchingDisabled: false)) == "bank shop hidden")
    }

    @Test(arguments: [
        ("^my b", "bank"), ("^b.b$", "bank"), ("b[aeo]b", "bank shop"), ("^$", ""), ("\\d{4}", "bank"),
        ("bob smith", "shop"),
    ])
    func `a regular expression is looked for in each text`(text: String, expected: String) throws {
        #expect(try found(LoginSearch(text, mode: .regular)) == expected)
    }

    @Test(
        arguments: [
            (.ordinal, "Café", "bank"), (.ordinal, "café", ""), (.ordinalIgnoreCase, "CAFÉ", "bank"),
            (.invariantCulture, "Café", "bank"),
            (.currentCultureIgnoreCase, "CAFÉ", "bank shop"), (.ordinal, "Bob", ""),
            (.ordinalIgnoreCase, "BOB", "bank shop"),
            (.currentCulture, "My", "bank"), (.currentCulture, "my", ""),
            (.invariantCultureIgnoreCase, "my", "bank"),
        ] as [(SearchComparison, String, String)]
    )
    func `letters are compared as is wanted`(comparison: SearchComparison, text: String, expected: String)
        throws
    {
        // Of the two spellings of é, the ordinal comparisons know just the one that is searched for.
        #expect(try found(LoginSearch(text, comparison: comparison)) == expected)
    }

    @Test(arguments: LoginSearch.Mode.allCases)
    func `a request is found in either normal form, in a long text, too`(mode: LoginSearch.Mode) throws {
        for (there, wanted) in [("Caf\u{E9}", "cafe\u{301}"), ("Cafe\u{301}", "caf\u{E9}")] {
            let text = String(repeating: "x", count: 5000) + there
            let entry = SearchableEntry(login: .sample("z"), texts: [.notes: [.plain(text)]])
            var budget = SearchBudget(until: .now + .seconds(60))
            #expect(try LoginSearch(wanted, mode: mode).finds(entry, now: 0, within: &budget))
            let exact = try LoginSearch(wanted, mode: mode, comparison: .ordinalIgnoreCase)
            #expect(try !exact.finds(entry, now: 0, within: &budget))
        }
    }

    @Test func `what is no search says so`() {
        let error = #expect(throws: SearchError.self) { try LoginSearch("a(b", mode: .regular) }
        #expect(error?.sentence.hasPrefix("Invalid regular expression: ") == true)
        let long = String(repeating: "x", count: LoginSearch.longest + 1)
        for mode in LoginSearch.Mode.allCases {
            #expect(throws: SearchError.tooLong) { try LoginSearch(long, mode: mode) }
        }
        let words = Array(repeating: "x", count: LoginSearch.mostTerms + 1).joined(separator: " ")
        #expect(throws: SearchError.tooLong) { try LoginSearch(words) }
    }

    @Test func `a search that runs away is cut off`() throws {
        let entry = SearchableEntry(
            login: .sample("z"),
            texts: [.notes: [.plain(String(repeating: "a", count: 60) + "!")]]
        )
        let search = try LoginSearch("(a+)+$", mode: .regular)
        #expect(throws: SearchError.tookTooLong) {
            var budget = SearchBudget(until: .now + .seconds(60))
            return try search.finds(entry, now: 0, within: &budget)
        }
        #expect(throws: SearchError.tookTooLong) {
            var budget = SearchBudget(until: .now - .seconds(1))
            return try LoginSearch("x").finds(entry, now: 0, within: &budget)
        }
    }
}
