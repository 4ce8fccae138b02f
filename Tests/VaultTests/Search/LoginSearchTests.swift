// SPDX-License-Identifier: Apache-2.0

import Secrecy
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
        #expect(try found(LoginSearch(text, mode: "Regular")) == expected)
        #expect(try found(LoginSearch(text, mode: "2")) == expected)
    }

    @Test(arguments: [
        ("Ordinal", "Café", "bank"), ("Ordinal", "café", ""), ("OrdinalIgnoreCase", "CAFÉ", "bank"),
        ("InvariantCulture", "Café", "bank"),
        ("CurrentCultureIgnoreCase", "CAFÉ", "bank shop"), ("Ordinal", "Bob", ""), ("5", "BOB", "bank shop"),
        ("CurrentCulture", "My", "bank"), ("CurrentCulture", "my", ""),
        ("invariantcultureignorecase", "my", "bank"),
    ])
    func `letters are compared as is wanted`(comparison: String, text: String, expected: String) throws {
        // Of the two spellings of é, the ordinal comparisons know just the one that is searched for.
        #expect(try found(LoginSearch(text, comparison: comparison)) == expected)
    }

    @Test func `what is no search says so`() {
        #expect(throws: SearchError.invalidMode) { try LoginSearch("x", mode: "Fuzzy") }
        #expect(throws: SearchError.invalidMode) { try LoginSearch("x", mode: "") }
        #expect(throws: SearchError.invalidMode) { try LoginSearch("x", mode: "3") }
        #expect(throws: SearchError.invalidComparison) { try LoginSearch("x", comparison: "Loose") }
        let error = #expect(throws: SearchError.self) { try LoginSearch("a(b", mode: "regular") }
        #expect(error?.sentence.hasPrefix("Invalid regular expression: ") == true)
        let long = String(repeating: "x", count: LoginSearch.longest + 1)
        for mode in ["Simple", "Regular"] {
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
        let search = try LoginSearch("(a+)+$", mode: "Regular")
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
