// SPDX-License-Identifier: Apache-2.0

import JSON
import SecureMemory
import Testing

@testable import KeePassHTTP

/// Our client and our server against each other.
@Suite struct RoundTripTests {
    @Test(arguments: [16, 24, 32])
    func `a request arrives as it was meant`(length: Int) throws {
        let key = try #require(ClientKey(SecretBytes(copying: [UInt8](repeating: 3, count: length))))
        var outgoing = OutgoingRequest(.setLogin, id: "büro", triggerUnlock: true)
        outgoing.fields = [
            ("Url", SecretBytes(utf8: "https://a.example/")), ("Login", SecretBytes(utf8: "ich")),
        ]
        outgoing.names = ["Ä", "B"]
        outgoing.stringFields = [("one", SecretBytes(utf8: "1")), ("two", nil)]
        outgoing.flags = [("SearchInNotes", false)]
        let request = try Request.parse(try outgoing.encoded(with: key))
        #expect(request.type == .setLogin)
        #expect(request.id == "büro")
        #expect(request.triggerUnlock)
        #expect(!request.hasKey)
        #expect(!request.flag("SearchInNotes", default: true))
        let message = try VerifiedMessage(verifying: try #require(request.signature), with: key)
        #expect(message.usedHmac)
        #expect(try request.field("Url").map(message.decryptText) == "https://a.example/")
        #expect(try request.field("Login").map(message.decrypt) == SecretBytes(utf8: "ich"))
        #expect(try request.fields("Names").map(message.decryptText) == ["Ä", "B"])
        let changes = try request.stringFields.map { change in
            "\(try message.decryptText(change.key))=\(try change.value.map(message.decryptText) ?? "-")"
        }
        #expect(changes.sorted() == ["one=1", "two=-"])
    }

    @Test func `an associate brings the key that it is signed with`() throws {
        let key = ClientKey.random()
        let request = try Request.parse(try OutgoingRequest(.associate).encoded(with: key))
        #expect(request.key == key)
        #expect(request.id == nil)
        #expect(try VerifiedMessage(verifying: #require(request.signature), with: key).usedHmac)
    }

    @Test func `a ping is one`() throws {
        let request = try Request.parse(
            Array(#"{"RequestType":"test-associate","TriggerUnlock":false}"#.utf8)
        )
        #expect(request.type == .testAssociate)
        #expect(request.signature == nil)
    }

    @Test func `a reply arrives as it was meant`() throws {
        let key = ClientKey.random()
        let entry = ReplyEntry(
            name: "Tïtle",
            login: "me",
            password: SecretBytes(utf8: "pässword"),
            uuid: "00FF",
            group: .init(name: "A/B", uuid: "11"),
            stringFields: [.init(key: "k", value: SecretBytes(utf8: "v"))]
        )
        let reply = Reply(to: .getLogins, id: "büro", entries: [entry], version: "2.3.1.0", hash: "aa")
        let incoming = try IncomingReply(parsing: reply.encoded(with: OutgoingCipher(key: key)), key: key)
        #expect(incoming.success)
        #expect(incoming.id == "büro")
        #expect(incoming.count == 1)
        #expect(incoming.version == "2.3.1.0")
        #expect(incoming.hash == "aa")
        let received = try #require(incoming.entries.first)
        #expect(received.name == "Tïtle")
        #expect(received.login == "me")
        #expect(received.password == entry.password)
        #expect(received.uuid == "00FF")
        #expect(received.group == entry.group)
        #expect(received.stringFields == entry.stringFields)
    }

    @Test func `the UUID of a save arrives`() throws {
        let key = ClientKey.random()
        let reply = Reply(to: .setLogin, id: "a", uuid: "00FF", version: "2.3.1.0", hash: nil)
        #expect(
            try IncomingReply(parsing: reply.encoded(with: OutgoingCipher(key: key)), key: key).uuid == "00FF"
        )
    }

    @Test func `a success that is not signed with our key is refused`() throws {
        let reply = Reply(to: .getLogins, id: "a", entries: [], version: "2.3.1.0", hash: nil)
        let key = ClientKey.random()
        for bytes in [reply.encoded(), reply.encoded(with: OutgoingCipher(key: .random()))] {
            #expect(throws: ReplyError.unverified) { try IncomingReply(parsing: bytes, key: key) }
        }
    }

    @Test func `a reply answers its own request and no other, and is no request itself`() throws {
        let key = ClientKey.random()
        let reply = Reply(to: .getLogins, id: "a", entries: [], version: "2.3.1.0", hash: nil)
        for _ in 0..<20 {
            let (asked, other) = (Nonce.random(), Nonce.random())
            let request = try Request.parse(OutgoingRequest(.getLogins).encoded(with: key, nonce: asked))
            let message = try VerifiedMessage(verifying: try #require(request.signature), with: key)
            let bytes = reply.encoded(with: OutgoingCipher(replyingTo: message))
            #expect(try IncomingReply(parsing: bytes, key: key, answering: asked).success)
            #expect(throws: ReplyError.replayed) {
                try IncomingReply(parsing: bytes, key: key, answering: other)
            }
            let signature = try #require(RequestSignature(of: JSONReader.object(bytes)))
            #expect(throws: VerificationFailure()) { try VerifiedMessage(verifying: signature, with: key) }
            #expect(
                throws: VerificationFailure()
            ) {
                try VerifiedMessage(
                    verifying: RequestSignature(nonce: signature.nonce, verifier: signature.verifier),
                    with: key
                )
            }
        }
    }

    @Test func `a request that is sent back is no reply, nor is another one`() throws {
        let key = ClientKey.random()
        let nonce = Nonce.random()
        for sent in [nonce, .random()] {
            let signature = try OutgoingCipher(key: key, nonce: sent).signature()
            let text =
                #"{"Success":true,"Nonce":"\#(signature.nonce)","Verifier":"\#(signature.verifier)","Hmac":"\#(signature.hmac ?? "")","Uuid":"\#(signature.verifier)"}"#
            #expect(throws: ReplyError.replayed) {
                try IncomingReply(parsing: Array(text.utf8), key: key, answering: nonce)
            }
        }
    }

    @Test func `to who hasn't the key, the nonces of replies have nothing in common`() throws {
        let key = ClientKey.random()
        let message = try VerifiedMessage(verifying: OutgoingCipher(key: key).signature(), with: key)
        let nonces = (0..<1000).map { _ in OutgoingCipher(replyingTo: message).nonce }
        #expect(Set(nonces).count == 1000)
        // No place of the base64 text gives it away: a thousand draws leave hardly one of its 64 letters out.
        for place in 0..<21 { #expect(Set(nonces.map { Array($0.text.utf8)[place] }).count > 55) }
        #expect(nonces.allSatisfy { $0.isReply(under: key) && !$0.isReply(under: .random()) })
    }

    @Test func `a failure arrives with its error, and needs no key`() throws {
        let bytes = Reply(failing: .associate, error: "No.", version: "2.3.1.0", hash: nil).encoded()
        let incoming = try IncomingReply(parsing: bytes, key: ClientKey.random())
        #expect(!incoming.success)
        #expect(incoming.error == "No.")
        #expect(incoming.entries.isEmpty)
    }

    @Test(arguments: ["", "[]", "{}", #"{"Success":"true"}"#, "<html>"])
    func `what is no answer is refused`(text: String) {
        #expect {
            try IncomingReply(parsing: Array(text.utf8), key: nil)
        } throws: { error in
            if case .malformed = error as? ReplyError { true } else { false }
        }
    }

    @Test(arguments: [
        #""Entries":[5]"#, #""Entries":[{}]"#, #""Entries":[{"Name":"AAAA"}]"#, #""Uuid":"AAAA""#,
        #""Entries":[{"Password":"s/TVrEetqDO/H25GyaTpBw==","StringFields":[5]}]"#,
    ])
    func `a signed answer whose values do not decrypt is refused`(member: String) throws {
        let text =
            #"{"Success":true,"Nonce":"\#(SampleMessage.nonceText)","Verifier":"\#(SampleMessage.verifier)",\#(member)}"#
        let key = try SampleMessage.key()
        #expect(throws: ReplyError.unverified) { try IncomingReply(parsing: Array(text.utf8), key: key) }
    }
}
