// SPDX-License-Identifier: Apache-2.0

import KDBX
import KeePassHTTP
import SecureMemory
import TestSupport
import Testing

/// What an image of the daemon's memory has in it, taken as root.
@Suite(.memoryImages)
struct MemoryTests {
    private static let password = "pAssw0rd-of-the-entry-7Qx"
    private static let notes = "private-notes-9Zk-which-are-no-one's-business"
    private static let field = "unprotected-field-value-4Wm"
    private static let master = "master-password-of-the-vault-2Ht"
    private static let secrets = [password, notes, field, master]

    private static func vault() async throws -> BuiltVault {
        try await BuiltVault(
            BuiltVault.file(
                [
                    FieldChange("UserName", "someone-who-is-public"),
                    FieldChange("Password", SecretBytes(utf8: password), isProtected: true),
                    FieldChange("Notes", SecretBytes(utf8: notes), isProtected: false),
                    FieldChange("KPH: own", SecretBytes(utf8: field), isProtected: false),
                ],
                password: master
            ),
            password: master
        )
    }

    @Test func `an unlocked vault has what is private nowhere in the open, nor after it was locked`()
        async throws
    {
        let vault = try await Self.vault()
        #expect(try await vault.session.keybell("unlock", "main").status == 0)
        let pid = try vault.session.daemon.pid
        // The image is one: what is public is there.
        #expect(try !MemoryImage.search(pid, for: ["someone-who-is-public"]).isEmpty)
        let unlocked = try MemoryImage.search(pid, for: Self.secrets, encoded: true)
        #expect(unlocked.isEmpty, "\(unlocked)")
        #expect(try await vault.session.keybell("lock", "main").status == 0)
        let locked = try MemoryImage.search(pid, for: Self.secrets + ["someone-who-is-public"], encoded: true)
        #expect(locked.isEmpty, "\(locked)")
    }

    @Test func `what is imported is in no program's memory in the open, not even while it waits for more`()
        async throws
    {
        let vault = try await Self.vault()
        let importing = try vault.session.starting("import", "-", input: nil)
        importing.write("name,url,username,password,note\n")
        for number in 0..<300 {
            let row =
                "n,https://h\(number).example,public-\(number)-6Vd,imported-5Tn-\(number),noted-8Rk-\(number)\n"
            importing.write(row)
        }
        let secrets = ["imported-5Tn-", "noted-8Rk-"]
        _ = try await eventually("the last row") {
            let hasAll = try !MemoryImage.search(importing.pid, for: ["public-299-6Vd"]).isEmpty
            return try hasAll && MemoryImage.search(importing.pid, for: secrets).isEmpty ? () : nil
        }
        _ = try await eventually("the last row's arrival") {
            try MemoryImage.search(try vault.session.daemon.pid, for: secrets).isEmpty ? () : nil
        }
        importing.closeInput()
        let report = try await importing.end()
        #expect(report.status == 0, "\(report)")
        // The file that was just written is read again when its change is seen, one secret in the secure heap at a time; what
        // is left behind anywhere stays.
        _ = try await eventually("the end of what looks at the file") {
            try MemoryImage.search(try vault.session.daemon.pid, for: secrets).isEmpty ? () : nil
        }
    }

    @Test func `what was handed out, saved and read anew is gone after that`() async throws {
        let vault = try await Self.vault()
        #expect(try await vault.session.keybell("unlock", "main").status == 0)
        let client = try await ClientProgram.associated(with: vault.session, as: "firefox")
        let found = try await BusAnswerer(vault.session).answering {
            try await client.ask(.getLogins, [("Url", "https://example.org/")])
        }
        #expect(found.entries.map(\.password) == [SecretBytes(utf8: Self.password)])
        #expect(
            try await client.save("https://example.net/", login: "new", password: "another-secret-8Yb")
                .success
        )
        let pid = try vault.session.daemon.pid
        let secrets = Self.secrets + ["another-secret-8Yb"]
        let unlocked = try MemoryImage.search(pid, for: secrets, encoded: true)
        #expect(unlocked.isEmpty, "\(unlocked)")
        #expect(try await vault.session.keybell("lock", "main").status == 0)
        let locked = try MemoryImage.search(pid, for: secrets, encoded: true)
        #expect(locked.isEmpty, "\(locked)")
    }
}
