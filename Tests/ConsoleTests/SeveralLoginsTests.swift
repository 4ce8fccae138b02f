// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import KeePassHTTP
import SecureMemory
import Testing

@testable import Console

/// Logins of which a script wants one value.
struct SeveralLoginsTests {
    private static func entry(_ login: String, _ uuid: Character, fields: [(String, String)] = [])
        -> ReplyEntry
    {
        var entry = ReplyEntry(
            name: "Mail",
            login: login,
            password: SecretBytes(utf8: "p"),
            uuid: String(repeating: uuid, count: 32)
        )
        entry.stringFields = fields.map { .init(key: $0.0, value: SecretBytes(utf8: $0.1)) }
        return entry
    }

    @Test func `several where one is meant are told with what names them, and the exit code of a refusal`() {
        let error = FetchedLogins.ambiguity(
            of: [Self.entry("ann", "A"), Self.entry("bob\u{1B}[2J", "B")],
            thing: "login with the title “Mail”",
            advice: "name one by its uuid"
        )
        let lines = [
            "There is more than one login with the title “Mail”: name one by its uuid.",
            "  AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA  “Mail”  “ann”",
            "  BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB  “Mail”  “bob[2J”",
        ]
        #expect(error.text == lines.joined(separator: "\n"))
        #expect(error.exitCode == 1)
    }

    @Test(arguments: ["xyz", "AAAA", ""])
    func `a uuid that is none is refused`(uuid: String) async {
        await #expect(throws: (any Error).self) {
            try await ClientCodeCommand.asyncParse(["https://a.example/", "--uuid", uuid])
        }
    }

    @Test func `a field that should give a code and can't is named`() throws {
        let faulty = Self.entry("ann", "A", fields: [("note", "x"), ("otp", "otpauth://totp/x?secret=!!")])
        #expect(ClientCodeCommand.code(of: faulty, at: 0) == nil)
        let field = try #require(ClientCodeCommand.faultyField(of: faulty))
        #expect(field == ("Mail", "otp"))
        #expect(
            ClientCodeCommand.missing("a.example", faulty: field).contains("“otp” of “Mail” holds neither")
        )
        #expect(ClientCodeCommand.faultyField(of: Self.entry("ann", "A", fields: [("note", "x")])) == nil)
    }
}
