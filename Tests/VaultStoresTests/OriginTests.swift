// SPDX-License-Identifier: Apache-2.0

import SecretService
import SecureMemory
import TestSupport
import Testing
import Vault
import VaultTestSupport

@testable import VaultStores

/// Logins that other programs keep in a real gnome-keyring, written as these programs write them.
@Suite struct OriginTests {
    private static let all = Set(LoginOrigin.allCases)

    /// What GNOME Web stores of a form.
    private func saveInGNOMEWeb(_ username: String, _ password: String, in fixture: StoreFixture) async throws
    {
        let attributes = [
            "xdg:schema": "org.epiphany.FormPassword", "id": "{0b4b9e6e-58f0-4a5c-9c2e-5f3f0d3c7a11}",
            "uri": "https://example.org", "target_origin": "https://login.example.org",
            "form_username": "user", "form_password": "pass", "username": username,
            "server_time_modified": "0",
        ]
        try await fixture.session.storeOutside(
            "Password for \(username) in a form in https://example.org",
            attributes,
            secret: password
        )
    }

    private func only(_ store: KeyringStore) async throws -> Login {
        let all = try await store.index().all
        #expect(all.count == 1)
        return try #require(all.first)
    }

    @Test func `a login of GNOME Web is served and says so`() async throws {
        let fixture = try await StoreFixture(origins: Self.all)
        try await saveInGNOMEWeb("anna", "geheim", in: fixture)
        let login = try await only(fixture.store)
        #expect(login.title == "Password for anna in a form in https://example.org")
        #expect((login.username, login.url) == ("anna", "https://example.org"))
        #expect(login.origin == .epiphany && login.group?.name == "GNOME Web")
        let found = try await fixture.store.index().matches(url: "https://example.org/in", now: 0)
        #expect(found.map(\.id) == [login.id])
        #expect(try await fixture.store.secrets(of: login.id).password == SecretBytes(utf8: "geheim"))
        #expect(await fixture.store.status().count == 1)
    }

    @Test func `nobody else's login is served unless its program is named`() async throws {
        let fixture = try await StoreFixture()
        try await saveInGNOMEWeb("anna", "geheim", in: fixture)
        #expect(try await fixture.store.index().count == 0)
        let git = try await fixture.restarted(origins: [.git, .network, .keepassxc])
        #expect(try await git.index().count == 0)
    }

    @Test func `programs that are named while the vault is open are served at once, and no longer than that`()
        async throws
    {
        let fixture = try await StoreFixture()
        try await saveInGNOMEWeb("anna", "geheim", in: fixture)
        #expect(try await fixture.store.index().count == 0)
        await fixture.store.serve(origins: [.epiphany])
        #expect(try await fixture.store.index().count == 1)
        await fixture.store.serve(origins: [])
        #expect(try await fixture.store.index().count == 0)
    }

    @Test(.enabled(if: GitLibsecretHelper.isBuildable))
    func `a login that git's own helper stores is served, and is git's`() async throws {
        let fixture = try await StoreFixture(origins: Self.all)
        let credential =
            "protocol=https\nhost=git.example.org:8443\npath=team/tool.git\nusername=anna\npassword=s3cret\n"
        try await GitLibsecretHelper.store(credential, on: fixture.session.bus)
        let login = try await only(fixture.store)
        #expect(login.url == "https://git.example.org:8443/team/tool.git")
        #expect(login.title == "Git: https://git.example.org:8443/team/tool.git")
        #expect(login.username == "anna" && login.origin == .git && login.group?.name == "git")
        #expect(try await fixture.store.secrets(of: login.id).password == SecretBytes(utf8: "s3cret"))
        // What has a schema of its own in later versions is a network password here.
        let network = try await fixture.restarted(origins: [.network])
        #expect(try await only(network).origin == .network)
    }

    @Test func `of what git keeps in a secret the password goes out alone`() async throws {
        let fixture = try await StoreFixture(origins: [.git])
        let attributes = [
            "xdg:schema": "org.git.Password", "protocol": "https", "server": "git.example.org",
            "user": "anna",
        ]
        let secret = "token\npassword_expiry_utc=1684189401\noauth_refresh_token=xyzzy"
        try await fixture.session.storeOutside("Git: https://git.example.org/", attributes, secret: secret)
        let login = try await only(fixture.store)
        #expect(login.url == "https://git.example.org")
        #expect(try await fixture.store.secrets(of: login.id).password == SecretBytes(utf8: "token"))
    }

    @Test(arguments: [
        (["protocol": "https", "server": "nas.example.org", "port": "5001"], "https://nas.example.org:5001"),
        (["server": "nas.example.org", "object": "share"], "nas.example.org"),
        (["protocol": "sftp", "server": "fd00::1", "port": "0"], "sftp://[fd00::1]"),
        (["domain": "WORKGROUP"], ""),
    ])
    func `a network password belongs to its server`(attributes: [String: String], url: String) async throws {
        let fixture = try await StoreFixture(origins: [.network])
        let schema = ["xdg:schema": "org.gnome.keyring.NetworkPassword", "user": "anna"]
        try await fixture.session.storeOutside("Files", schema.merging(attributes) { $1 }, secret: "a\nb")
        let login = try await only(fixture.store)
        #expect((login.title, login.username, login.url) == ("Files", "anna", url))
        #expect(login.origin == .network && login.group?.name == "Network passwords")
        #expect(try await fixture.store.secrets(of: login.id).password == SecretBytes(utf8: "a\nb"))
    }

    @Test func `a login of another program is never written to`() async throws {
        let fixture = try await StoreFixture(origins: Self.all)
        try await saveInGNOMEWeb("anna", "geheim", in: fixture)
        let login = try await only(fixture.store)
        let draft = LoginDraft(id: login.id, password: SecretBytes(utf8: "other"))
        let refusal = VaultError.refused(
            "This login is kept by another program (GNOME Web), and Keybell only reads it: change it there."
        )
        await #expect(throws: refusal) { try await fixture.store.preview(draft) }
        await #expect(throws: refusal) { try await fixture.store.save(draft) }
        #expect(try await fixture.items(StoreFixture.schema).isEmpty)
        #expect(try await fixture.items(StoreFixture.extraSchema).isEmpty)
        #expect(
            try await fixture.session.lookUpOutside(["xdg:schema": "org.epiphany.FormPassword"]) == "geheim"
        )
    }

    @Test func `its name stays over restarts, a lost state and changes`() async throws {
        let fixture = try await StoreFixture(origins: Self.all)
        try await saveInGNOMEWeb("anna", "geheim", in: fixture)
        try await saveInGNOMEWeb("bert", "other", in: fixture)
        let ids = try await fixture.store.index().all.map(\.id)
        #expect(Set(ids).count == 2)
        let store = fixture.store
        #expect(try await Set(fixture.restarted(origins: Self.all).index().all.map(\.id)) == Set(ids))
        let afresh = try await fixture.restarted(state: fixture.state + "-lost", origins: Self.all)
        #expect(try await Set(afresh.index().all.map(\.id)) == Set(ids))
        // Synchronization sets the time anew.
        let item = try #require(
            try await fixture.keyring.items(schema: "org.epiphany.FormPassword")
                .first { $0.attributes["username"] == "anna" }
        )
        let changed = item.attributes.merging([
            "server_time_modified": "1700000000", "uri": "https://example.net",
        ]) {
            $1
        }
        try await fixture.keyring.change(item, attributes: changed)
        try await fixture.settle("the change") {
            try await store.index().all.contains { $0.url == "https://example.net" }
        }
        #expect(try await Set(store.index().all.map(\.id)) == Set(ids))
    }

    @Test func `an attribute of another program's item takes no name of a login of Keybell's`() async throws {
        let fixture = try await StoreFixture(origins: Self.all)
        let own = try await fixture.saveOne(fields: ["KPH: pin": SecretBytes(utf8: "1234")])
        let attributes = [
            "xdg:schema": "org.epiphany.FormPassword", "uuid": own.hex, "uri": "https://evil.example",
        ]
        try await fixture.session.storeOutside("Other", attributes, secret: "x")
        let store = fixture.store
        try await fixture.settle("the other login") { try await store.index().count == 2 }
        let other = try #require(try await store.index().titled("Other").first)
        #expect(other.id != own)
        #expect(try await store.secrets(of: other.id).fields.isEmpty)
        #expect(try await store.secrets(of: own).password == SecretBytes(utf8: "first"))
        #expect(try await store.index().login(own)?.origin == nil)
    }

    @Test func `what another program stores, changes and deletes is followed without reading all anew`()
        async throws
    {
        let fixture = try await StoreFixture(origins: Self.all)
        let store = fixture.store
        #expect(try await store.index().count == 0)
        let readings = await store.readings
        try await saveInGNOMEWeb("anna", "geheim", in: fixture)
        try await fixture.settle("the new login") { try await store.index().count == 1 }
        try await fixture.session.secretTool(["clear", "xdg:schema", "org.epiphany.FormPassword"])
        try await fixture.settle("its end") { try await store.index().count == 0 }
        #expect(await store.readings == readings)
    }

    @Test func `hundreds of logins of another program are read in one go`() async throws {
        let fixture = try await StoreFixture(logins: 300, origins: Self.all)
        for number in 1...3 { try await saveInGNOMEWeb("anna \(number)", "x", in: fixture) }
        #expect(try await fixture.store.index().count == 303)
        #expect(await fixture.store.readings == 1)
    }

    @Test func `the doctor counts what is there of each program`() async throws {
        let fixture = try await StoreFixture()
        try await saveInGNOMEWeb("anna", "geheim", in: fixture)
        _ = try await fixture.saveOne()
        let counts = try await KeyringStore.logins(of: Self.all, in: fixture.keyring)
        #expect(counts == [.epiphany: 1])
    }

    @Test func `a secret that is no text is served as it is`() async throws {
        let fixture = try await StoreFixture(origins: [.network])
        let bytes: [UInt8] = [0xFF, 0x0A, 0x00, 0x41]
        _ = try await fixture.keyring.store(
            schema: "org.gnome.keyring.NetworkPassword",
            label: "Bytes",
            attributes: ["server": "nas.example.org"],
            secret: SecretBytes(copying: bytes)
        )
        let login = try await only(fixture.store)
        #expect(try await fixture.store.secrets(of: login.id).password == SecretBytes(copying: bytes))
    }
}
