// SPDX-License-Identifier: Apache-2.0

import SecretService
import TestSupport
import Testing
import Vault

@testable import VaultStores

@Suite struct LoginNamingTests {
    @Test func `an item's own uuid is its name, in either case`() {
        let id = LoginID.random()
        let naming = LoginNaming([item("/1", ["uuid": id.hex.lowercased()])], remembered: [])
        #expect(naming.names == ["/1": id])
        #expect(naming.derived.isEmpty)
    }

    @Test func `a made-up name needs no memory`() {
        let items = [item("/1", ["username": "u"]), item("/2", ["username": "v"])]
        let first = LoginNaming(items, remembered: [])
        #expect(LoginNaming(items, remembered: []).names == first.names)
        #expect(Set(first.names.values).count == 2)
    }

    @Test func `a made-up name tells nothing of what isn't public`() {
        func name(_ attributes: [String: String]) -> LoginID? {
            LoginNaming([item("/1", attributes)], remembered: []).names["/1"]
        }
        let plain = name(["username": "u", "url": "https://a.example/in"])
        for url in [
            "https://a.example/in?token=7391", "https://a.example/in?token=1111", "https://u:pw@a.example/in",
            "https://a.example/in#7391",
        ] {
            #expect(name(["username": "u", "url": url]) == plain)
        }
        #expect(name(["username": "u", "url": "https://a.example/in", "pin": "7391"]) == plain)
        #expect(name(["username": "u", "url": "https://a.example/out"]) != plain)
    }

    @Test func `items that differ in a query keep their names, also one that came from all of it`() {
        let items = (1...3).map { item("/\($0)", ["url": "https://a.example/?token=\($0)"]) }
        let before = LoginNaming(items, remembered: [])
        #expect(Set(before.names.values).count == 3)
        let elsewhere = [3, 1].map { item("/9\($0)", ["url": "https://a.example/?token=\($0)"]) }
        let after = LoginNaming(elsewhere, remembered: before.derived)
        #expect(after.names["/93"] == before.names["/3"] && after.names["/91"] == before.names["/1"])
        let former = LoginID.random()
        let kept = KeyringVaultState.Derived(digest: LoginItem.digest(items[0]), path: "/0", uuid: former.hex)
        #expect(LoginNaming(items, remembered: [kept]).names["/1"] == former)
    }

    @Test func `items that say the same get different names`() {
        let naming = LoginNaming(
            [item("/1", [:]), item("/2", [:]), item("/3", ["uuid": "x"])],
            remembered: []
        )
        #expect(Set(naming.names.values).count == 3)
    }

    @Test func `of two items with one uuid the older keeps it`() {
        let id = LoginID.random()
        let naming = LoginNaming(
            [item("/1", ["uuid": id.hex]), item("/2", ["uuid": id.hex])],
            remembered: []
        )
        #expect(naming.names["/1"] == id)
        #expect(naming.names["/2"] != id)
    }

    @Test func `a name stays when the item is changed in place`() {
        let before = LoginNaming([item("/1", ["username": "u"])], remembered: [])
        let after = LoginNaming([item("/1", ["username": "changed"])], remembered: before.derived)
        #expect(after.names == before.names)
    }

    @Test func `a name stays when the item comes back elsewhere`() {
        let before = LoginNaming([item("/1", ["username": "u"])], remembered: [])
        let after = LoginNaming([item("/7", ["username": "u"])], remembered: before.derived)
        #expect(after.names["/7"] == before.names["/1"])
    }

    @Test func `a changed item doesn't take the name of one that stayed`() {
        let before = LoginNaming(
            [item("/1", ["username": "a"]), item("/2", ["username": "b"])],
            remembered: []
        )
        // The first now says what the second said; the second is where and what it was.
        let after = LoginNaming(
            [item("/1", ["username": "b"]), item("/2", ["username": "b"])],
            remembered: before.derived
        )
        #expect(after.names == before.names)
    }

    @Test func `many twins cost no more than others, named anew or known`() {
        let items = (0..<3000).map { item("/\($0)", ["username": $0 % 2 == 0 ? "u" : "v"]) }
        var tries = 0
        let made = LoginNaming(items, remembered: []) { digest, attempt in
            tries += 1
            return LoginNaming.name(of: digest, attempt: attempt)
        }
        #expect(Set(made.names.values).count == items.count && tries == items.count)
        let growth = ProcessorTime.growth(from: 1000) { count in
            let elsewhere = (0..<count).map { item("/elsewhere/\($0)", [:]) }
            let items = (0..<count).map { item("/\($0)", [:]) }
            return (items, LoginNaming(elsewhere, remembered: []).derived)
        } _: { items, derived in
            let known = LoginNaming(items, remembered: derived) { _, _ in
                Issue.record("a name that is known was made up anew")
                return .random()
            }
            #expect(known.names.count == items.count)
        }
        #expect(growth < 10)
    }

    private func item(_ path: String, _ attributes: [String: String]) -> KeyringItem {
        KeyringItem(
            path: path,
            schema: "org.keybell.Login",
            label: "Label",
            attributes: attributes,
            created: 1
        )
    }
}

@Suite struct VaultIdentityTests {
    @Test func `the Hash is SHA-1 over both names in upper-case hex`() throws {
        let identity = VaultIdentity(
            root: try #require(LoginID(hex: "00112233445566778899AABBCCDDEEFF")),
            recycleBin: try #require(LoginID(hex: "ffeeddccbbaa99887766554433221100"))
        )
        // printf 00112233445566778899AABBCCDDEEFFFFEEDDCCBBAA99887766554433221100 | sha1sum
        #expect(identity.hash == "7f32d70584c32df7046c5df62544dcd04dd2b308")
        #expect(VaultIdentity(attributes: identity.attributes) == identity)
        #expect(VaultIdentity(attributes: ["uuid": identity.root.hex]) == nil)
    }
}
