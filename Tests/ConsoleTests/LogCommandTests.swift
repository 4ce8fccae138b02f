// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Audit
import DBus
import Testing

@testable import Console

struct LogCommandTests {
    @Test func `a client stands there by its Id and by what it is called now`() {
        let names = ShownNames([
            ["id": .string("night"), "name": .string("Night job")],
            ["id": .string("x"), "name": .string("x")],
        ])
        let told = ["night", "x", "gone"].map { id in
            names.naming(AuditRecord(.revoked, time: 0, [.client: id, .by: "/usr/bin/keybell"])).sentence
        }
        #expect(
            told == [
                "client “night” (“Night job”) was revoked by /usr/bin/keybell",
                "client “x” was revoked by /usr/bin/keybell", "client “gone” was revoked by /usr/bin/keybell",
            ]
        )
    }

    @Test func `what was imported stands there, too`() {
        let record = AuditRecord(.imported, time: 0, [.client: "fox", .by: "/usr/bin/keybell"])
        #expect(record.sentence == "client “fox” was imported from a KeePass file by /usr/bin/keybell")
    }

    @Test func `a name that was taken away is told as such`() {
        #expect(RenameCommand.told("night", "Night job") == "night is shown as “Night job”.")
        #expect(RenameCommand.told("night", "").contains("shown under its Id"))
        let named = RenameCommand.told("fox", "KeePassHelper", isForExtension: true)
        #expect(named == "Questions call the extension of fox “KeePassHelper” from now on.")
        #expect(RenameCommand.told("fox", "", isForExtension: true).contains("no name any more"))
    }

    @Test(arguments: [
        ([], 50), (["--since", "10m"], 100_000), (["--client", "night"], 50),
        (["--since", "10m", "-n", "7"], 7),
        (["-n", "7"], 7),
    ])
    func `who names a time is shown all of it`(arguments: [String], count: Int) async throws {
        #expect(try await LogCommand.asyncParse(arguments).count == count)
    }

    @Test(arguments: [
        ([], 500, nil), (["--since", "10m"], 500, nil), (["--client", "night"], 50, nil),
        (["--client", "night"], 51, "1 older record left out: `--lines 51` shows more."),
        (["--since", "10m", "-n", "7"], 9, "2 older records left out: `--lines 9` shows more."),
        (["--since", "1d"], 100_001, "1 older record left out."),
    ])
    func `what of it isn't shown is told`(arguments: [String], found: Int, note: String?) async throws {
        #expect(try await LogCommand.asyncParse(arguments).note(of: found) == note)
    }
}
