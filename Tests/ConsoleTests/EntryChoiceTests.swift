// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Console

struct EntryChoiceTests {
    private static let entries: [RequestDetails.Entry] = [
        .init(uuid: "A1", title: "Git", username: "ann"), .init(uuid: "B2", title: "Mail", username: ""),
        .init(uuid: "C3", title: "mail", username: ""), .init(uuid: "D4", title: "2", username: ""),
        .init(uuid: "E5", title: "Bank", username: "a"), .init(uuid: "F6", title: "Bank", username: "b"),
    ]

    @Test(arguments: [
        ("a1", "A1"), ("1", "A1"), ("git", "A1"), ("Mail", "B2"), ("mail", "C3"), ("3", "C3"), ("2", "D4"),
        ("6", "F6"),
    ])
    func `an entry is chosen by uuid, title or number`(argument: String, uuid: String) throws {
        #expect(try EntryChoice.uuids(of: [argument], among: Self.entries) == [uuid])
    }

    @Test func `one that is named twice is chosen once`() throws {
        #expect(try EntryChoice.uuids(of: ["1", "Git", "B2"], among: Self.entries) == ["A1", "B2"])
    }

    @Test(arguments: ["Bank", "0", "7", "-1", "nothing", "", "99999999999999999999"])
    func `what names none, or several, says what to do`(argument: String) {
        do {
            _ = try EntryChoice.uuids(of: [argument], among: Self.entries)
            Issue.record("\(argument) was taken")
        } catch {
            #expect(error.exitCode == 1)
            #expect(error.text.contains(argument == "Bank" ? "5 or 6" : "from 1 to 6"))
        }
    }

    @Test func `nothing in an argument reaches the terminal but text`() {
        let evil = "\u{1B}]0;evil\u{7}"
        let bells = [RequestDetails.Entry](repeating: .init(uuid: "", title: evil, username: ""), count: 2)
        for entries in [Self.entries, bells] {
            do {
                _ = try EntryChoice.uuids(of: [evil], among: entries)
                Issue.record("it was taken")
            } catch {
                #expect(!error.text.unicodeScalars.contains { $0.properties.generalCategory == .control })
                #expect(error.text.contains("]0;evil"))
            }
        }
    }
}
