// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Testing

@testable import Vault

/// What a store might leave out of a text.
@Suite struct StorableTextTests {
    /// All of XML 1.0's `Char` production, and what KeePassXC's `stripInvalidXml10Chars` keeps of it.
    private static func isKept(_ value: UInt32) -> Bool {
        switch value {
        case 0x9, 0xA, 0xD, 0x20..<0x7F, 0x85, 0xA0...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }

    @Test
    func `what any writer of the file leaves out is broken, and every character that people write isn't`() {
        // All of the first plane, and the ends of the others.
        let ends = (1...0x10).flatMap { plane in UInt32(plane << 16 | 0xFFF0)...UInt32(plane << 16 | 0xFFFF) }
        for value in Array(UInt32(0)...0xFFFF) + ends {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let isBroken = StorableText.isBroken(String(scalar))
            if !Self.isKept(value) || scalar.properties.isNoncharacterCodePoint { #expect(isBroken) }
            guard isBroken else { continue }
            #expect([.control, .unassigned].contains(scalar.properties.generalCategory))
        }
    }

    @Test(arguments: [
        "\u{0}", "\u{1}", "\u{8}", "\u{B}", "\u{1F}", "\u{7F}", "\u{80}", "\u{9F}", "\u{FFFE}",
        "\u{FFFF}", "\u{10FFFF}",
    ])
    func `wherever it stands, in text and secret`(scalar: String) {
        for text in [scalar, "a" + scalar, scalar + "a", "a\(scalar)b", "é\u{301}\(scalar)"] {
            #expect(StorableText.isBroken(text))
            #expect(StorableText.isBroken(SecretBytes(utf8: text)))
        }
    }

    @Test(arguments: [
        "", "plain", "a\tb\r\nc", "ünï 漢字 👩‍👩‍👧 \u{FEFF}\u{200B}", "\u{FFFD}", "\u{10FFFD}\u{E000}",
    ])
    func `the rest is text`(text: String) {
        #expect(!StorableText.isBroken(text))
        #expect(!StorableText.isBroken(SecretBytes(utf8: text)))
    }

    @Test(
        arguments: [[0xFF], [0x61, 0xC3], [0xED, 0xA0, 0x80], [0xC0, 0x80], [0xEF, 0xBF, 0xBE]] as [[UInt8]]
    )
    func `bytes that aren't UTF-8, surrogates among them, are broken`(bytes: [UInt8]) {
        #expect(StorableText.isBroken(SecretBytes(copying: bytes)))
    }

    @Test(arguments: [
        LoginDraft(username: "a\u{1}"), LoginDraft(password: SecretBytes(utf8: "\u{FFFE}")),
        LoginDraft(url: "https://a.example\u{FFFE}/"), LoginDraft(title: "a.example\u{FFFF}"),
        LoginDraft(realm: "\u{80}"), LoginDraft(title: "x", group: "a\u{1}"),
        LoginDraft(fields: ["KeePassHttp Settings\u{FFFE}": SecretBytes(utf8: "x")]),
        LoginDraft(fields: ["URL 1\u{1}": nil]), LoginDraft(fields: ["x": SecretBytes(utf8: "\u{0}")]),
    ])
    func `no member of a draft may hold any`(draft: LoginDraft) {
        #expect(throws: VaultError.refused(LoginDraft.unstorableRefusal)) {
            try SavePreview(draft, stored: nil)
        }
        #expect(throws: VaultError.refused(LoginDraft.unstorableRefusal)) {
            try SavePreview(draft, stored: nil, secrets: nil)
        }
    }

    // MARK: New hosts

    private static func urls(_ count: Int) -> [String: SecretBytes?] {
        let pairs = (0..<count).map { ("KP2A_URL_\($0)", SecretBytes(utf8: "https://h\($0).example/")) }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    @Test func `more new hosts than a person reads are refused, those of Url, Name and SubmitUrl counted in`()
        throws
    {
        let stored = Login(id: .random(), title: "Bank", url: "https://bank.example/")
        let own = LoginDraft(
            id: stored.id,
            url: "https://new.example/",
            title: "name.example",
            allowHosts: ["submit.example"]
        )
        for (count, isTaken) in [(5, true), (6, false), (90, false)] {
            var draft = own
            draft.fields = Self.urls(count)
            for login in [stored, nil] {
                draft.id = login?.id
                if isTaken {
                    #expect(try SavePreview(draft, stored: login).newHosts.count == count + 3)
                } else {
                    #expect(throws: VaultError.refused(LoginDraft.hostsRefusal)) {
                        try SavePreview(draft, stored: login)
                    }
                    #expect(throws: VaultError.refused(LoginDraft.hostsRefusal)) {
                        try SavePreview(draft, stored: login, secrets: nil)
                    }
                }
            }
        }
    }

    @Test func `hosts that an entry has already don't count, and whether Allow has one tells nothing`() throws
    {
        var stored = Login(id: .random(), title: "Bank", url: "https://bank.example/")
        stored.furtherURLs = (0..<30).map { "https://h\($0).example/" }
        stored.settings.allow = ["submit.example"]
        let same = LoginDraft(id: stored.id, fields: Self.urls(30))
        #expect(try SavePreview(same, stored: stored).newHosts.isEmpty)
        stored.furtherURLs = []
        for host in ["submit.example", "other.example"] {
            let draft = LoginDraft(id: stored.id, allowHosts: [host], fields: Self.urls(8))
            #expect(throws: VaultError.refused(LoginDraft.hostsRefusal)) {
                try SavePreview(draft, stored: stored)
            }
        }
    }
}
