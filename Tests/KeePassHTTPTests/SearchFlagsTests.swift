// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import Testing

@Suite struct SearchFlagsTests {
    @Test func `a search without flags has the protocol's defaults`() throws {
        let flags = try flags("")
        #expect(flags == SearchFlags())
        #expect(flags.inTitles && flags.inUserNames && flags.inURLs && flags.inNotes && flags.inOther)
        #expect(flags.inTags && flags.respectsDisabledSearching)
        #expect(flags.comparison == .invariantCultureIgnoreCase)
        #expect(!flags.inPasswords && !flags.inStringNames && !flags.inUUIDs && !flags.inGroupPaths)
        #expect(!flags.inGroupNames && !flags.inHistory && !flags.excludesExpired)
        #expect(flags.mode == .simple)
    }

    static let names: [(String, any WritableKeyPath<SearchFlags, Bool> & Sendable)] = [
        ("SearchInTitles", \.inTitles), ("SearchInUserNames", \.inUserNames),
        ("SearchInPasswords", \.inPasswords),
        ("SearchInUrls", \.inURLs), ("SearchInNotes", \.inNotes), ("SearchInOther", \.inOther),
        ("SearchInStringNames", \.inStringNames), ("SearchInTags", \.inTags), ("SearchInUuids", \.inUUIDs),
        ("SearchInGroupPaths", \.inGroupPaths), ("SearchInGroupNames", \.inGroupNames),
        ("SearchInHistory", \.inHistory), ("ExcludeExpired", \.excludesExpired),
        ("RespectEntrySearchingDisabled", \.respectsDisabledSearching),
    ]

    @Test func `every flag changes its own thing and no other`() throws {
        for (name, path) in Self.names {
            var expected = SearchFlags()
            expected[keyPath: path].toggle()
            let value = expected[keyPath: path] ? #""True""# : "false"
            #expect(try flags(#","\#(name)":\#(value)"#) == expected, "\(name)")
        }
    }

    @Test(arguments: [
        (#""Simple""#, SearchFlags.Mode.simple), (#""Regular""#, .regular), ("1", .simple), ("2", .regular),
        (#""1""#, .simple), (#""2""#, .regular), ("null", .simple), (#""regular""#, .regular),
    ])
    func `the mode comes as a name or a number`(value: String, mode: SearchFlags.Mode) throws {
        #expect(try flags(#","SearchMode":\#(value)"#).mode == mode)
    }

    @Test(arguments: ["0", "3", #""regular ""#, "true", "[]", "1.0"])
    func `any other mode is invalid`(value: String) {
        #expect(throws: RequestError.invalidSearchMode) { try flags(#","SearchMode":\#(value)"#) }
    }

    @Test(arguments: [
        (#""InvariantCultureIgnoreCase""#, SearchFlags.Comparison.invariantCultureIgnoreCase),
        (#""currentcultureignorecase""#, .currentCultureIgnoreCase), (#""Ordinal""#, .ordinal),
        (#""CurrentCulture""#, .currentCulture), (#""InvariantCulture""#, .invariantCulture),
        (#""5""#, .ordinalIgnoreCase), ("0", .currentCulture), (#""""#, .invariantCultureIgnoreCase),
    ])
    func `the comparison comes as a name or a number`(value: String, expected: SearchFlags.Comparison) throws
    {
        #expect(try flags(#","ComparisonMode":\#(value)"#).comparison == expected)
    }

    @Test(arguments: [#""Loose""#, "6", "true", #""IgnoreCase""#, #""Ordinal ""#])
    func `any other comparison is invalid`(value: String) {
        #expect(throws: RequestError.invalidComparison) { try flags(#","ComparisonMode":\#(value)"#) }
    }

    @Test func `members count whatever their case, and the exact one first`() throws {
        let flags = try request(
            #"{"requesttype":"get-logins-custom-search","searchintitles":false,"SEARCHINURLS":true,"SearchInUrls":false}"#
        ).searchFlags()
        #expect(!flags.inTitles && !flags.inURLs)
    }

    private func flags(_ members: String) throws -> SearchFlags {
        try request(#"{"RequestType":"get-logins-custom-search"\#(members)}"#).searchFlags()
    }
}
