// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Testing

@testable import Vault

@Suite struct SavePreviewTests {
    let stored = Login.sample("z", title: "Bank", url: "https://bank.example/login", username: "bob")
    let secrets = LoginSecrets(
        password: SecretBytes(utf8: "old"),
        fields: ["PIN": SecretBytes(utf8: "1234"), "KP2A_URL": SecretBytes(utf8: "https://more.example")]
    )

    func preview(_ draft: LoginDraft, furtherURLs: [String] = ["https://more.example"]) throws -> SavePreview
    {
        var login = stored
        login.furtherURLs = furtherURLs
        return try SavePreview(draft, stored: login, secrets: secrets)
    }

    @Test func `a new login names what it has and where it will match`() throws {
        let draft = LoginDraft(
            username: "bob",
            password: SecretBytes(utf8: "x"),
            url: "https://www.shop.example:8443/x",
            title: "other.example",
            allowHosts: ["pay.example", "www.shop.example:8443"],
            fields: ["URL 1": SecretBytes(utf8: "third.example"), "Note": SecretBytes(utf8: "n")]
        )
        let preview = try SavePreview(draft, stored: nil, secrets: nil)
        #expect(preview.isNew)
        #expect(preview.changedFields == ["Name", "Login", "Password", "Url", "Allow", "URL 1", "Note"])
        #expect(
            preview.newHosts == ["www.shop.example:8443", "third.example", "other.example", "pay.example"]
        )
    }

    @Test func `fields that can do most are named first`() throws {
        var fields = [
            "otp": SecretBytes(utf8: "otpauth://totp/x"), "KP2A_URL_3": SecretBytes(utf8: "b.example"),
        ]
        for number in 10..<40 { fields["a\(number)"] = SecretBytes(utf8: "x") }
        let preview = try SavePreview(LoginDraft(title: "x", fields: fields), stored: nil)
        #expect(Array(preview.changedFields.prefix(4)) == ["Name", "otp", "KP2A_URL_3", "a10"])
    }

    @Test func `a name that begins as a further URL's counts as one, mark or not`() throws {
        let fields = ["KP2A_URL\u{301}": SecretBytes(utf8: "https://evil.example/")]
        #expect(
            try SavePreview(LoginDraft(id: stored.id, fields: fields), stored: stored).newHosts == [
                "evil.example"
            ]
        )
    }

    @Test func `what is equal is no change`() throws {
        let draft = LoginDraft(
            id: stored.id,
            username: "bob",
            password: SecretBytes(utf8: "old"),
            url: "https://bank.example/login",
            title: "Bank",
            realm: "",
            allowHosts: ["bank.example"],
            fields: ["PIN": SecretBytes(utf8: "1234"), "Gone": nil]
        )
        #expect(try preview(draft).isUnchanged)
        #expect(try preview(LoginDraft(id: stored.id)).isUnchanged)
    }

    @Test func `a changed password is named, and gives no new host`() throws {
        let preview = try preview(LoginDraft(id: stored.id, password: SecretBytes(utf8: "new")))
        #expect(!preview.isNew && !preview.isUnchanged)
        #expect(preview.changedFields == ["Password"])
        #expect(preview.newHosts == [])
    }

    @Test(
        arguments: [
            (LoginDraft(url: "https://bank.example/other"), []),
            (LoginDraft(url: "https://bank.example:443/login"), []),
            (LoginDraft(url: "https://bank.example:8443/"), ["bank.example:8443"]),
            (LoginDraft(url: "https://evil.example/"), ["evil.example"]),
            (LoginDraft(url: "https://example/"), ["example"]),
            (LoginDraft(title: "evil.example"), ["evil.example"]),
            (LoginDraft(title: "http://evil.example:81/"), ["evil.example:81"]),
            (LoginDraft(title: "My bank"), []),
            (LoginDraft(allowHosts: ["evil.example"]), ["evil.example"]),
            (LoginDraft(fields: ["KP2A_URL_7": SecretBytes(utf8: "https://evil.example")]), ["evil.example"]),
            (LoginDraft(fields: ["URL 7": SecretBytes(utf8: "evil.example")]), ["evil.example"]),
            (LoginDraft(fields: ["KP2A_URL": SecretBytes(utf8: "https://evil.example")]), ["evil.example"]),
            (LoginDraft(fields: ["KP2A_URL": nil]), []),
            (LoginDraft(fields: ["Comment": SecretBytes(utf8: "https://evil.example")]), []),
        ] as [(LoginDraft, [String])]
    )
    func `a change names the hosts that it adds`(draft: LoginDraft, hosts: [String]) throws {
        #expect(try preview(draft).newHosts == hosts)
    }

    @Test(
        arguments: [
            (LoginDraft(url: "https://bank.example/other"), []),
            (LoginDraft(url: "https://bank.example:443/login"), []),
            (LoginDraft(url: "https://bank.example:8443/"), ["bank.example"]),
            (LoginDraft(url: "https://evil.example/"), ["bank.example"]),
            (LoginDraft(url: ""), ["bank.example"]),
            (LoginDraft(url: "https://evil.example/", title: "bank.example"), []),
            (LoginDraft(title: "evil.example"), []),
            (LoginDraft(fields: ["KP2A_URL_7": SecretBytes(utf8: "https://evil.example")]), []),
            (LoginDraft(fields: ["KP2A_URL": nil]), ["more.example"]),
        ] as [(LoginDraft, [String])]
    )
    func `a change names the hosts that it takes away`(draft: LoginDraft, hosts: [String]) throws {
        #expect(try preview(draft).lostHosts == hosts)
    }

    @Test func `a port that falls away is a new host`() throws {
        let login = Login.sample("z", url: "https://bank.example:8443/")
        let preview = try SavePreview(
            LoginDraft(url: "https://bank.example/"),
            stored: login,
            secrets: secrets
        )
        #expect(preview.newHosts == ["bank.example"])
    }

    @Test(arguments: ["KeePassHttp Settings", "Title", "UserName", "Password", "URL"])
    func `a string field cannot stand for something else`(name: String) {
        #expect(throws: VaultError.refused("The field \(name) can't be written as a string field.")) {
            _ = try SavePreview(LoginDraft(fields: [name: nil]), stored: stored, secrets: secrets)
        }
    }

    @Test func `the question compares what is public alone, and names whatever else is sent`() throws {
        let same = LoginDraft(
            id: stored.id,
            username: "bob",
            password: SecretBytes(utf8: "old"),
            url: "https://bank.example/login",
            title: "Bank",
            realm: "r",
            allowHosts: ["bank.example"],
            fields: ["PIN": SecretBytes(utf8: "1234"), "Gone": nil]
        )
        var other = same
        other.password = SecretBytes(utf8: "guess")
        other.fields = ["PIN": SecretBytes(utf8: "4321"), "Gone": nil]
        for draft in [same, other] {
            #expect(
                try SavePreview(draft, stored: stored).changedFields == ["Password", "Realm", "Gone", "PIN"]
            )
        }
        #expect(try SavePreview(LoginDraft(username: "bob", title: "Bank"), stored: stored).isUnchanged)
        #expect(try SavePreview(LoginDraft(username: "eve"), stored: stored).changedFields == ["Login"])
    }

    @Test(arguments: [
        "https://bank.example/login?token=7391", "https://bob:hunter2@bank.example/login",
        "https://bank.example/login#7391",
    ])
    func `a guess of what is secret in a URL is named, right or wrong, and compared for the save alone`(
        url: String
    ) throws {
        let login = Login.sample("z", title: "Bank", url: url)
        let wrong = url.replacing("7391", with: "1111").replacing("hunter2", with: "wrong")
        for guess in [url, wrong] {
            let draft = LoginDraft(id: login.id, url: guess)
            #expect(try SavePreview(draft, stored: login).changedFields == ["Url"])
            #expect(try SavePreview(draft, stored: stored).changedFields == ["Url"])
            let done = try SavePreview(draft, stored: login, secrets: secrets)
            #expect(done.isUnchanged == (guess == url))
        }
        // What the page has it as is compared where there is nothing else in it.
        let plain = LoginDraft(id: login.id, url: "https://bank.example/login")
        #expect(try SavePreview(plain, stored: stored).isUnchanged)
        #expect(try SavePreview(plain, stored: login).changedFields == ["Url"])
        #expect(try SavePreview(LoginDraft(id: login.id, title: "Bank"), stored: login).isUnchanged)
    }

    @Test(arguments: ["https://evil.example", "https://more.example"])
    func `new hosts are told without a look at the string fields`(url: String) throws {
        var login = stored
        login.furtherURLs = ["https://more.example"]
        let draft = LoginDraft(fields: ["KP2A_URL": SecretBytes(utf8: url)])
        let hosts = try SavePreview(draft, stored: login).newHosts
        #expect(hosts == (url.contains("evil") ? ["evil.example"] : []))
        #expect(try SavePreview(draft, stored: login, secrets: secrets).newHosts == hosts)
    }

    @Test(arguments: [
        LoginDraft(password: SecretBytes(utf8: "{REF:P@I:00112233445566778899AABBCCDDEEFF}")),
        LoginDraft(username: "x{ref:p@t:Bank}"),
        LoginDraft(title: "{Ref:"),
        LoginDraft(url: "https://a.example/{REF:P@T:Bank}"),
        LoginDraft(fields: ["Note": SecretBytes(utf8: "a{REF:P@T:Bank}")]),
    ])
    func `a client cannot write a reference to another entry`(draft: LoginDraft) {
        #expect(throws: VaultError.self) { _ = try SavePreview(draft, stored: stored, secrets: secrets) }
    }

    @Test func `fields are set and removed, the others stay`() {
        let draft = LoginDraft(fields: ["PIN": nil, "New": SecretBytes(utf8: "1")])
        #expect(Set(secrets.fields.changed(by: draft).keys) == ["KP2A_URL", "New"])
        let login = stored.changed(by: draft, fields: secrets.fields)
        #expect(login.fieldNames == ["KP2A_URL", "New"])
    }

    @Test(arguments: [
        ("KP2A_URL", true), ("KP2A_URL_1", true), ("URL 1", true), ("URL 12", true), ("URL2", true),
        ("URL_5", true), ("URL", false), ("URL_", false), ("URL  1", false), ("URL__1", false),
        ("URL-1", false),
        ("URL2x", false), ("URL_a", false), ("url2", false),
        ("URL ", false),
        ("URL x", false), ("Url 1", false), ("My URL 1", false),
    ])
    func `further addresses are told by their fields' names`(name: String, isOne: Bool) {
        #expect(Login.isFurtherURL(name) == isOne)
    }
}
