// SPDX-License-Identifier: Apache-2.0

import DBus
import Foundation
import Linux
import TestSupport
import Testing

/// `keybell import` with files as other programs write them.
@Suite(.timeLimit(.minutes(5)))
struct ImportTests {
    private static let firefox = """
        "url","username","password","httpRealm","formActionOrigin","guid","timeCreated","timeLastUsed","timePasswordChanged"\r
        "https://example.org","alice","p""w,ö\u{1F511}",,"https://example.org","{1}","1","2","3"\r
        "http://router.lan:8080","admin","x","Router",,"{2}","1","2","3"\r
        "https://multi.example","bob","line one
        line two",,"","{3}","1","2","3"
        """

    private static func json(_ report: ChildProcess.Report) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(report.output.utf8))
        return try #require(object as? [String: Any], "\(report)")
    }

    private func shown(_ entry: String, of path: String, in session: DaemonSession) async throws -> String {
        let arguments = ["show", "-q", "-s", "--all", path, entry]
        return try await ChildProcess.run(
            "keepassxc-cli",
            arguments,
            environment: session.bus.environment,
            input: "demopass\n"
        ).output
    }

    @Test func `Firefox's file goes into a keyring once, and what differs is left alone`() async throws {
        let session = try await DaemonSession()
        let file = try session.bus.folder.write("passwords of a.csv", Self.firefox)
        let dry = try await session.keybell("import", file, "--dry-run")
        #expect(dry.status == 0, "\(dry)")
        #expect(dry.output.contains("new  3  would be added"), "\(dry)")
        #expect(dry.output.contains("line 2: new: “alice” at example.org"), "\(dry)")
        #expect(!dry.output.contains("rm "))
        #expect(try await session.keybell("status").output.contains("0 logins"))

        let first = try await session.keybell("import", file)
        #expect(first.status == 0, "\(first)")
        #expect(first.output.contains("new  3  added") && first.output.contains("rm '\(file)'"), "\(first)")
        #expect(!first.output.contains("line one") && !first.errors.contains("line one"))
        let stored = try await session.run(
            "secret-tool",
            "lookup",
            "xdg:schema",
            "org.keybell.Login",
            "username",
            "bob"
        )
        #expect(stored.output == "line one\nline two")
        let symbols = try await session.run("secret-tool", "lookup", "username", "alice")
        #expect(symbols.output == "p\"w,ö\u{1F511}")

        let again = try Self.json(try await session.keybell("import", file, "--json"))
        #expect(again["same"] as? Int == 3 && again["new"] as? Int == 0, "\(again)")
        // Whether a password has been guessed is told by no dry run.
        let looked = try Self.json(try await session.keybell("import", file, "--json", "--dry-run"))
        #expect(looked["there"] as? Int == 3 && looked["same"] as? Int == 0, "\(looked)")

        let changed = try session.bus.folder.write(
            "changed.csv",
            Self.firefox.replacingOccurrences(of: "line two", with: "line three")
        )
        let told = try await session.keybell("import", changed)
        #expect(told.status == 1)
        #expect(
            told.output.contains("line 4: “bob” at multi.example is there already and differs"),
            "\(told)"
        )
        #expect(!told.output.contains("three"))
        let kept = try await session.run("secret-tool", "lookup", "username", "bob")
        #expect(kept.output == "line one\nline two")
        let log = try await session.keybell("log").output
        #expect(log.contains("3 logins came into") && log.contains("0 logins of 3 that were compared came"))
        #expect(log.contains("3 logins of a file were looked for in"), "\(log)")
    }

    @Test func `Bitwarden's file goes into a KeePass file with all that it has, as one save`() async throws {
        let (session, path) = try await KDBXVaultTests.session()
        defer { try? FileManager.default.removeItem(atPath: path) }  // gone with the machine otherwise
        let file = try session.bus.folder.write(
            "bitwarden.csv",
            """
            folder,favorite,type,name,notes,fields,reprompt,login_uri,login_username,login_password,login_totp\r
            Work/Mail,1,login,Mail,"first\nsecond","PIN: 1234\nKPRPC JSON: {}",0,"https://mail.example/,https://alt.example",alice,"p,""w",otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\r
            ,,note,A note,"only, this",,0,,,,\r
            ,,card,Card,,,0,,,,\r
            ,,login,Bad,,,0,https://bad.example,eve,{REF:P@T:Mail},\r
            """
        )
        let report = try await session.keybell("import", file, "--group", "From Bitwarden")
        #expect(report.status == 1, "\(report)")
        #expect(report.output.contains("new           2  added"), "\(report)")
        #expect(
            report.output.contains("line 6: can't be read: it is neither a login nor a note"),
            "\(report)"
        )
        #expect(report.output.contains("line 7: “eve” at bad.example can't be kept"), "\(report)")
        #expect(report.output.contains("without the field KPRPC JSON"), "\(report)")
        let mail = try await shown("From Bitwarden/Work/Mail/Mail", of: path, in: session)
        for part in [
            "UserName: alice", "Password: p,\"w", "Notes: first\nsecond", "PIN: 1234",
            "KP2A_URL: https://alt.example", "otp: otpauth://totp/x",
        ] { #expect(mail.contains(part), "\(part) in \(mail)") }
        #expect(try await shown("From Bitwarden/A note", of: path, in: session).contains("Notes: only, this"))
        let again = try Self.json(
            try await session.keybell("import", file, "--group", "From Bitwarden", "--json")
        )
        #expect(again["same"] as? Int == 2 && again["new"] as? Int == 0, "\(again)")
    }

    @Test func `a KeePass file and KeePassXC's CSV of it go into a keyring, without the recycle bin`()
        async throws
    {
        let folder = try TemporaryFolder()
        let path = folder.path("source.kdbx")
        func cli(_ arguments: String..., input: String = "sourcepass\n") async throws -> String {
            let report = try await ChildProcess.run(
                "keepassxc-cli",
                arguments,
                environment: ["HOME": folder.path, "QT_QPA_PLATFORM": "offscreen"],
                input: input
            )
            guard report.status == 0 else { throw TestFailure("\(report)") }
            return report.output
        }
        _ = try await cli("db-create", "-q", "-p", path, input: "sourcepass\nsourcepass\n")
        _ = try await cli("mkdir", "-q", path, "Work")
        for (entry, user, url) in [
            ("Work/ti\"t\\le, ü", "alice", "https://one.example"), ("Top", "bob", "https://two.example"),
            ("Gone", "eve", "https://gone.example"),
        ] {
            let password = "sourcepass\npass of \(user)\n"
            _ = try await cli("add", "-q", "-p", "-u", user, "--url", url, path, entry, input: password)
        }
        _ = try await cli("rm", "-q", path, "Gone")
        let csv = try folder.write("kxc.csv", try await cli("export", "-q", "-f", "csv", path))

        let session = try await DaemonSession()
        let wrong = try await session.keybell("import", path, input: "nonsense\n")
        #expect(wrong.status == 1 && wrong.errors.contains("the password, the key file or both are wrong"))
        let report = try await session.keybell("import", path, input: "sourcepass\n")
        #expect(report.status == 0 && report.output.contains("new  2  added"), "\(report)")
        #expect(!report.output.contains("rm "))
        #expect(report.output.contains("left out, of 1 entry: it lies in the recycle bin"), "\(report)")
        #expect(try await session.run("secret-tool", "lookup", "username", "alice").output == "pass of alice")
        let found = try await session.run("secret-tool", "search", "username", "alice")
        #expect((found.output + found.errors).contains("group = Work"), "\(found)")
        let again = try Self.json(try await session.keybell("import", csv, "--json"))
        #expect(again["same"] as? Int == 2 && again["new"] as? Int == 0, "\(again)")
        #expect(again["format"] as? String == "keepassxc")
    }

    @Test func `a file that can't be imported is told before anybody is asked, and without what is in it`()
        async throws
    {
        let session = try await DaemonSession()
        let folder = session.bus.folder
        for (text, words) in [
            ("", "is empty"), ("\u{FEFF}", "is empty"),
            ("https://a.example,alice,geheim\n", "names of columns"),
            ("url;username;password\n", "semicolons"), ("{\"items\": []}", "it is JSON"),
            ("<?xml version=\"1.0\"?>", "it is XML"),
            ("url,username,password,totp,extra,name,grouping,fav\n", "“totp”"),
            ("\"url,username\n", "never closed"),
        ] {
            let file = try folder.write("bad.csv", text)
            let report = try await session.keybell("import", file)
            #expect(report.status == 1 && report.errors.contains(words), "\(report)")
            #expect(!(report.output + report.errors).contains("geheim"))
        }
        #expect(try await session.keybell("import", folder.path).errors.contains("is a directory"))
        #expect(try await session.keybell("import", folder.path("none")).errors.contains("no such file"))
        let good = try folder.write(
            "good.csv",
            "name,url,username,password\na,https://a.example,u,p\nbroken\n"
        )
        #expect(
            try await session.keybell("import", good, "--vault", "none").errors.contains(
                "no vault of that name"
            )
        )
        let report = try await session.keybell("import", good)
        #expect(
            report.status == 1
                && report.output.contains("line 3: can't be read: it has 1 column, the first line 4")
        )
        #expect(report.output.contains("new         1  added"), "\(report)")
        let piped = try await session.keybell(
            "import",
            "-",
            input: "name,url,username,password\nb,https://b.example,u,p\n"
        )
        #expect(piped.status == 0 && !piped.output.contains("rm "), "\(piped)")
    }

    @Test func `an import that is refused ends whatever its input does, and one that is ended makes room`()
        async throws
    {
        let session = try await DaemonSession()
        let text = "name,url,username,password\na,https://a.example,u,p\n"
        let file = try session.bus.folder.write("a.csv", text)
        let first = try session.starting("import", "-", input: nil)
        first.write(text)
        _ = try await eventually("the first one's turn") {
            let report = try await session.keybell("import", file, "--dry-run")
            return report.errors.contains("Another import is under way") ? () : nil
        }
        let second = try session.starting("import", "-", input: nil)
        second.write(text)
        let refused = try await second.end()
        #expect(refused.status == 1 && refused.errors.contains("Another import is under way"), "\(refused)")
        first.terminate()
        let ended = try await first.end()
        #expect(ended.errors.contains("the import was sent; Keybell hasn't confirmed it."), "\(ended)")
        let third = try await eventually("room") {
            let report = try await session.keybell("import", file)
            return report.errors.contains("Another import is under way") ? nil : report
        }
        #expect(third.status == 0 && third.output.contains("new  1  added"), "\(third)")
    }

    @Test func `of a caller that goes away in the middle nothing is stored, and the next import runs`()
        async throws
    {
        let session = try await DaemonSession()
        let bus = try await session.bus.connect()
        func imported(_ bytes: [UInt8]) async throws(DBusError) -> [Value] {
            // Neither end can fail to be made here; if it does, the call is refused.
            guard let (own, other) = try? ByteStream.pair(),
                let passed = PassedDescriptor(duplicating: other.number)
            else { return [] }
            try? own.write(bytes, within: .seconds(10))  // it fits into the socket
            own.end()
            return try await bus.call(
                "org.keybell.Keybell",
                "/org/keybell/Vaults",
                "org.keybell.Vaults1",
                "Import",
                [.string(""), .descriptor(passed), .vardict([:])]
            )
        }
        let login = Array("title\0T\0password\0p\0\0".utf8)
        await #expect {
            try await imported(login)
        } throws: { error in
            (error as? DBusError)?.message.contains("They ended in the middle. Nothing was imported.")
                ?? false
        }
        #expect(try await session.keybell("status").output.contains("0 logins"))
        let result = try await imported(login + [0]).first?.vardict ?? [:]
        #expect(result["outcomes"] == .array("y", [.byte(0)]))
        #expect(try await session.keybell("status").output.contains("1 login"))
    }
}
