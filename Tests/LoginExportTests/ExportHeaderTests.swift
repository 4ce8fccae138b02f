// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Testing

@testable import LoginExport

/// Files as the programs write them, by their own sources.
struct ExportHeaderTests {
    /// What is in a file: whose it is, and each row as a login, or why it is none.
    private static func read(_ text: String) throws -> (ExportFormat, [Result<ExportedLogin, RowFault>]) {
        var reader = CSVReader()
        var header: Result<ExportHeader, ExportHeader.Fault>?
        var logins: [Result<ExportedLogin, RowFault>] = []
        func take(_ row: CSVRow) {
            do {
                guard case .success(let known) = header else {
                    header = .success(try ExportHeader(row))
                    return
                }
                logins.append(.success(try known.login(row)))
            } catch let fault as RowFault {
                logins.append(.failure(fault))
            } catch let fault as ExportHeader.Fault {
                header = .failure(fault)
            } catch {}  // There are no others.
        }
        reader.read(text.utf8, take)
        reader.finish(take)
        return (try #require(header).get().format, logins)
    }

    private static func shown(_ login: ExportedLogin) -> String {
        let secrets = [login.password, login.notes, login.otp].map { $0.exposedText() ?? "?" }
        let fields = login.fields.map { "\($0.name)=\($0.value.exposedText() ?? "?")" }
        return
            ([login.title, login.username, login.urls.joined(separator: " ")] + secrets
            + [login.realm, login.group] + fields).joined(separator: "|")
    }

    @Test func `Firefox's`() throws {
        // LoginExport.sys.mjs: CRLF between rows, none at the end; null is nothing at all.
        let (format, rows) = try Self.read(
            #"""
            "url","username","password","httpRealm","formActionOrigin","guid","timeCreated","timeLastUsed","timePasswordChanged"\#r
            "https://example.org","alice","p""w,ö\#u{1F511}",,"https://example.org","{3f1c}","1700000000000","1700000000001","1700000000002"\#r
            "http://router.lan:8080","admin","x","Router, ""main""",,"{3f1d}","1","2","3"\#r
            "https://nobody.example","","only",,"","{3f1e}","1","2","3"
            """#
        )
        #expect(format == .firefox)
        #expect(
            try rows.map { Self.shown(try $0.get()) } == [
                "|alice|https://example.org|p\"w,ö\u{1F511}||||",
                "|admin|http://router.lan:8080|x|||Router, \"main\"|",
                "||https://nobody.example|only||||",
            ]
        )
    }

    @Test(arguments: ["name,url,username,password,note", "name,url,username,password"])
    func `Chrome's, with and without notes`(_ header: String) throws {
        // csv_writer.cc: a line feed after each row; quoted is what has a comma, a quote or a line break.
        let note = header.hasSuffix("note") ? ",\"two\nlines\"" : ""
        let (format, rows) = try Self.read(
            #"""
            \#(header)
            example.org,https://example.org/login?a=1,alice,"a,""b"\#(note)
            App,android://Zm9vYmFy==@com.example.app/,bob,pw\#(note.isEmpty ? "" : ",")

            """#
        )
        #expect(format == .chromium)
        #expect(
            try rows.map { Self.shown(try $0.get()) } == [
                "example.org|alice|https://example.org/login?a=1|a,\"b|\(note.isEmpty ? "" : "two\nlines")|||",
                "App|bob|androidapp://com.example.app|pw||||",
            ]
        )
    }

    @Test func `Bitwarden's`() throws {
        // base-vault-export.service.ts by papaparse: CRLF, quoted is what has a comma, a quote, a line break or space at an end.
        let (format, rows) = try Self.read(
            #"""
            folder,favorite,type,name,notes,fields,reprompt,login_uri,login_username,login_password,login_totp\#r
            Work/Mail,1,login,Mail,"first\#nsecond","PIN: 1234\#nmulti: a\#nb\#n: nameless",0,"https://mail.example/a,b,https://alt.example",alice,"p,""w",otpauth://totp/x?secret=GEZDGNBV\#r
            ,,note,A note,"only, this",,0,,,,\#r
            ,,login,Bare,,,0,"a.example,b.example",bob,pw,JBSWY3DPEHPK3PXP\#r
            ,,card,Card,,,0,,,,\#r
            ,,login,,,,0,,,,\#r
            """#
        )
        #expect(format == .bitwarden)
        #expect(
            try rows.prefix(3).map { Self.shown(try $0.get()) } == [
                "Mail|alice|https://mail.example/a,b https://alt.example|p,\"w|first\nsecond|otpauth://totp/x?secret=GEZDGNBV||Work/Mail|PIN=1234|multi=a\nb|Field=nameless",
                "A note||||only, this|||", "Bare|bob|a.example b.example|pw||JBSWY3DPEHPK3PXP||",
            ]
        )
        #expect(throws: RowFault.kind) { try rows[3].get() }
        #expect(throws: RowFault.empty) { try rows[4].get() }
    }

    @Test func `KeePassXC's, old and new`() throws {
        let (format, rows) = try Self.read(
            #"""
            "Group","Title","Username","Password","URL","Notes","TOTP","Icon","Last Modified","Created"
            "Passwords","Top","u","se""cr,et","https://x.example","a
            b","","0","2026-11-28T08:50:14Z","2026-11-28T08:50:14Z"
            "Passwords/Work/Mail","ti""t\le","","","","","otpauth://totp/a?secret=GEZDGNBV&period=30","0","2026","2026"
            "Passwords/Recycle Bin","gone","u","p","","","","0","2026","2026"

            """#
        )
        #expect(format == .keePassXC)
        #expect(
            try rows.prefix(2).map { Self.shown(try $0.get()) } == [
                "Top|u|https://x.example|se\"cr,et|a\nb|||",
                "ti\"t\\le|||||otpauth://totp/a?secret=GEZDGNBV&period=30||Work/Mail",
            ]
        )
        #expect(throws: RowFault.recycled) { try rows[2].get() }
        let old = try Self.read(
            "\"Group\",\"Title\",\"Username\",\"Password\",\"URL\",\"Notes\"\n\"R\",\"t\",\"u\",\"p\",\"\",\"\"\n"
        )
        #expect(old.0 == .keePassXC && old.1.count == 1)
    }

    @Test(arguments: [
        (
            "url,username,password,totp,extra,name,grouping,fav",
            ["url", "username", "password", "totp", "extra", "name", "grouping", "fav"], 8, false
        ),
        ("https://example.org,alice,geheim", [], 3, false),
        ("username;password;url", ["username", "password", "url"], 3, true),
        ("Title,URL,Username,Secret", ["title", "url", "username"], 4, false),
    ])
    func `another header is told by names that are known`(
        _ header: String,
        _ known: [String],
        _ count: Int,
        _ isOther: Bool
    ) throws {
        let expected = ExportHeader.Fault.unknown(columns: count, known: known, otherSeparator: isOther)
        #expect(throws: expected) { _ = try Self.read(header) }
    }

    @Test(arguments: [
        ("name,url,username,password,Password", ["password", "password"]),
        ("folder,collections,name,login_uri,login_username,login_password", ["folder", "collections"]),
    ])
    func `two columns that say the same are refused`(_ header: String, _ names: [String]) throws {
        #expect(throws: ExportHeader.Fault.repeated(names)) { _ = try Self.read(header) }
    }

    @Test func `a row with more or fewer columns, or other bytes, is told`() throws {
        let (_, rows) = try Self.read("name,url,username,password\na,b,c\na,b,c,d,e\na,b,c,d\n")
        #expect(throws: RowFault.columns(3, expected: 4)) { try rows[0].get() }
        #expect(throws: RowFault.columns(5, expected: 4)) { try rows[1].get() }
        #expect(try rows[2].get().title == "a")
    }
}
