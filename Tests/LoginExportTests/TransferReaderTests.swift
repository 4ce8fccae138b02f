// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Testing

@testable import LoginExport

struct TransferReaderTests {
    private static func login(_ number: Int) -> ExportedLogin {
        var login = ExportedLogin()
        login.title = "T\(number)\u{301}"
        login.username = number.isMultiple(of: 2) ? "" : "u"
        login.password = SecretBytes(utf8: "p\(number)")
        login.urls = ["https://a.example", "https://b.example"]
        login.notes = SecretBytes(utf8: "a\nb")
        login.group = "A/B"
        login.fields = [("\u{301}x", SecretBytes(utf8: "1")), ("x", SecretBytes(utf8: "2"))]
        return login
    }

    @Test(arguments: [1, 7, 10_000])
    func `logins come out as they went in, however the bytes arrive`(_ piece: Int) throws {
        var bytes: [UInt8] = []
        for number in 0..<3 { bytes += try Self.login(number).transferred() }
        bytes += ExportedLogin.endOfTransfer
        var reader = TransferReader()
        var found: [ExportedLogin?] = []
        for start in stride(from: 0, to: bytes.count, by: piece) {
            try reader.read(Array(bytes[start..<min(bytes.count, start + piece)])) { found.append($0) }
        }
        #expect(reader.isComplete)
        #expect(found.count == 3)
        for (number, login) in found.enumerated() {
            let (login, own) = (try #require(login), Self.login(number))
            #expect((login.title, login.username, login.group) == (own.title, own.username, own.group))
            #expect((login.urls, login.password, login.notes) == (own.urls, own.password, own.notes))
            #expect(login.fields.map(\.name.utf8.count) == own.fields.map(\.name.utf8.count))
        }
        #expect(throws: TransferReader.Fault.excess) { try reader.read([1]) { _ in } }
    }

    @Test
    func `a login without anything, with a NUL or too long doesn't travel in a way that ends the others`()
        throws
    {
        #expect(try ExportedLogin().transferred() == Array("password\0\0\0".utf8))
        var login = ExportedLogin()
        login.notes = SecretBytes(utf8: "a\0b")
        #expect(throws: RowFault.nul) { try login.transferred() }
        login.notes = SecretBytes(copying: [UInt8](repeating: 65, count: 1 << 19))
        #expect(throws: RowFault.tooLong) { try login.transferred() }
        login.notes = SecretBytes(utf8: "")
        login.fields = (0..<510).map { ("\($0)", SecretBytes(utf8: "1")) }
        #expect(throws: RowFault.tooManyFields) { try login.transferred() }
    }

    @Test(arguments: [
        ("colour\0red\0\0", TransferReader.Fault.badMember), ("title\0a\0title\0b\0\0", .badMember),
        ("\0\0", .excess),
    ])
    func `what is no transfer is refused`(_ text: String, _ fault: TransferReader.Fault) {
        #expect(throws: fault) {
            var reader = TransferReader()
            try reader.read(Array(text.utf8)) { _ in }
        }
    }

    @Test func `what isn't UTF-8 or never ends is told`() throws {
        var reader = TransferReader()
        var found: [ExportedLogin?] = []
        try reader.read(Array("notes\0".utf8) + [0xFF, 0, 0, 0]) { found.append($0) }
        #expect(found.count == 1 && found[0] == nil && reader.isComplete)
        var endless = TransferReader()
        #expect(throws: TransferReader.Fault.tooLong) {
            for _ in 0..<100 { try endless.read([UInt8](repeating: 65, count: 1 << 16)) { _ in } }
        }
        var pairs = TransferReader()
        #expect(throws: TransferReader.Fault.tooLong) {
            try pairs.read(Array(String(repeating: "url\0\0", count: 1 << 16).utf8)) { _ in }
        }
    }
}
