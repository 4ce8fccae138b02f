// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import SecureMemory
import Testing

/// The exact text of replies, since clients read less leniently than ours.
@Suite struct ReplyTests {
    private let hash = "0123456789abcdef0123456789abcdef01234567"
    private let signed =
        #","Nonce":"\#(SampleMessage.nonceText)","Verifier":"\#(SampleMessage.verifier)","Hmac":"\#(SampleMessage.hmac)"}"#
    private var tail: String { #""Version":"2.3.1.0","Hash":"\#(hash)""# }

    @Test func `a success repeats the Id and is signed`() throws {
        let reply = Reply(to: .testAssociate, id: "firefox", version: "2.3.1.0", hash: hash)
        #expect(
            try text(reply)
                == #"{"RequestType":"test-associate","Success":true,"Id":"firefox",\#(tail)\#(signed)"#
        )
    }

    @Test func `an associate counts nothing`() throws {
        let reply = Reply(to: .associate, id: "büro 🔑", version: "2.3.1.0", hash: hash)
        #expect(
            try text(reply)
                == #"{"RequestType":"associate","Success":true,"Id":"b\u00fcro \ud83d\udd11","Count":0,"#
                + #"\#(tail)\#(signed)"#
        )
    }

    @Test func `nothing found is a success with an empty array`() throws {
        let reply = Reply(to: .getLogins, id: "a", entries: [], version: "2.3.1.0", hash: hash)
        #expect(
            try text(reply)
                == #"{"RequestType":"get-logins","Success":true,"Id":"a","Count":0,"Entries":[],\#(tail)\#(signed)"#
        )
    }

    @Test func `a count has no entries`() throws {
        let reply = Reply(to: .getLoginsCount, id: "a", count: 3, version: "2.3.1.0", hash: hash)
        #expect(
            try text(reply)
                == #"{"RequestType":"get-logins-count","Success":true,"Id":"a","Count":3,\#(tail)\#(signed)"#
        )
    }

    @Test func `an entry is encrypted value by value`() throws {
        let entry = ReplyEntry(
            name: "GitHub",
            login: "müller",
            password: SecretBytes(utf8: "s3cret"),
            uuid: "0123456789ABCDEF0123456789ABCDEF"
        )
        let reply = Reply(to: .getLogins, id: "a", entries: [entry], version: "2.3.1.0", hash: hash)
        #expect(
            try text(reply)
                == #"{"RequestType":"get-logins","Success":true,"Id":"a","Count":1,"Entries":["#
                + #"{"Name":"v3KIwQk0nMwHLHRYXNG5gw==","Login":"0muwZhz0YWY+Tp2SFUTbyg==","#
                + #""Password":"0liaN15ru9qDrjMf/fQWSg==","#
                + #""Uuid":"pUmwT+lbiQut2tCHwKsdjdVUiNbKDqSSkiO6MZ0oQxasxsbT3JfwvytHsA8nl3l3"}],"#
                + #"\#(tail)\#(signed)"#
        )
    }

    @Test func `group and string fields are encrypted, too, and what is empty is an encrypted nothing`()
        throws
    {
        let entry = ReplyEntry(
            name: "",
            login: "",
            password: SecretBytes(utf8: ""),
            uuid: "K",
            group: .init(name: "Sites/Work", uuid: "K"),
            stringFields: [.init(key: "Field", value: SecretBytes(utf8: "s3cret"))]
        )
        let reply = Reply(to: .getLoginByUUID, id: "a", entries: [entry], version: "2.3.1.0", hash: hash)
        #expect(
            try text(reply).contains(
                #"[{"Name":"s/TVrEetqDO/H25GyaTpBw==","Login":"s/TVrEetqDO/H25GyaTpBw==","#
                    + #""Password":"s/TVrEetqDO/H25GyaTpBw==","Uuid":"zl+n5Nj/+1sR8PtIrGzYLQ==","#
                    + #""Group":{"Name":"evCYhPYTA111P4esHHNNhA==","Uuid":"zl+n5Nj/+1sR8PtIrGzYLQ=="},"#
                    + #""StringFields":[{"Key":"qamTo/eTv7UEXBzktXLb0w==","Value":"0liaN15ru9qDrjMf/fQWSg=="}]}]"#
            )
        )
    }

    @Test func `a save gives the encrypted UUID`() throws {
        let reply = Reply(to: .setLogin, id: "a", uuid: "K", version: "2.3.1.0", hash: hash)
        #expect(
            try text(reply)
                == #"{"RequestType":"set-login","Success":true,"Id":"a","Uuid":"zl+n5Nj/+1sR8PtIrGzYLQ==","#
                + #"\#(tail)\#(signed)"#
        )
    }

    @Test func `a failure is never signed, and carries nothing but its error`() throws {
        var reply = Reply(failing: .getLogins, error: "Database locked", version: "2.3.1.0", hash: nil)
        reply.entries = []
        reply.uuid = "K"
        reply.count = 1
        let expected =
            #"{"RequestType":"get-logins","Success":false,"Version":"2.3.1.0","Error":"Database locked"}"#
        #expect(try text(reply) == expected)
        #expect(String(decoding: reply.encoded(), as: UTF8.self) == expected)
    }

    @Test func `a ping is answered without a signature, an error or an Id`() {
        let reply = Reply(failing: .testAssociate, error: nil, version: "1.8.4.2", hash: hash)
        #expect(
            String(decoding: reply.encoded(), as: UTF8.self)
                == #"{"RequestType":"test-associate","Success":false,"Version":"1.8.4.2","Hash":"\#(hash)"}"#
        )
    }

    @Test func `an answer to nobody knows what has no type`() {
        let reply = Reply(failing: nil, error: "Not found", version: "2.3.1.0", hash: nil)
        #expect(
            String(decoding: reply.encoded(), as: UTF8.self)
                == #"{"Success":false,"Version":"2.3.1.0","Error":"Not found"}"#
        )
    }

    @Test func `without a cipher no entry is written`() {
        let entry = ReplyEntry(name: "GitHub", login: "x", password: SecretBytes(utf8: "s3cret"), uuid: "K")
        let reply = Reply(to: .getLogins, id: "a", entries: [entry], uuid: "K", version: "2.3.1.0", hash: nil)
        let text = String(decoding: reply.encoded(), as: UTF8.self)
        #expect(!text.contains("Entries"))
        #expect(!text.contains("Uuid"))
    }

    @Test func `every character leaves as ASCII and comes back`() throws {
        let nasty = "\"\\/\u{0}\u{8}\n\r\t\u{1F}\u{7F}\u{80}é\u{2028}\u{FFFF}🔑<script>&"
        let reply = Reply(failing: nil, error: nasty, version: "2.3.1.0", hash: nil)
        let bytes = reply.encoded()
        #expect(bytes.allSatisfy { (0x20..<0x7F).contains($0) })
        #expect(try IncomingReply(parsing: bytes, key: nil).error == nasty)
    }

    @Test func `every fresh cipher gives another text`() throws {
        let reply = Reply(to: .testAssociate, id: "a", version: "2.3.1.0", hash: hash)
        let key = try SampleMessage.key()
        #expect(
            reply.encoded(with: OutgoingCipher(key: key)) != reply.encoded(with: OutgoingCipher(key: key))
        )
    }

    private func text(_ reply: Reply) throws -> String {
        String(decoding: reply.encoded(with: try SampleMessage.cipher()), as: UTF8.self)
    }
}
