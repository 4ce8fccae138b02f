// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory
import Testing

@testable import KeePassHTTP

/// One byte that isn't UTF-8 costs a strict client the whole reply.
@Suite struct RepairedTextTests {
    @Test(
        arguments: [
            ([0x61, 0xFF, 0x62], "a\u{FFFD}b"), ([0xC3], "\u{FFFD}"), (Array("ä🔑".utf8), "ä🔑"), ([], ""),
            ([0xED, 0xA0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"), ([0xC0, 0x80, 0x41], "\u{FFFD}\u{FFFD}A"),
        ] as [([UInt8], String)]
    )
    func `what isn't UTF-8 goes out as U+FFFD`(bytes: [UInt8], expected: String) throws {
        let key = ClientKey.random()
        var reply = Reply(to: .getLogins, id: "a", version: "2.3.1.0", hash: nil)
        let text = SecretBytes(copying: bytes)
        reply.entries = [
            ReplyEntry(
                name: "n",
                login: "l",
                password: text,
                uuid: "u",
                stringFields: [ReplyEntry.StringField(key: "k", value: text)]
            )
        ]
        let read = try IncomingReply(parsing: reply.encoded(with: OutgoingCipher(key: key)), key: key)
        let entry = try #require(read.entries.first)
        #expect(entry.password == SecretBytes(utf8: expected))
        #expect(entry.stringFields.map(\.value) == [SecretBytes(utf8: expected)])
    }
}
