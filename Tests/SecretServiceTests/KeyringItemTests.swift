// SPDX-License-Identifier: Apache-2.0

import DBus
import SecretService
import SecureMemory
import TestSupport
import Testing

@Suite struct KeyringItemTests {
    @Test func `a stored item is found by its attributes and opened by everybody`() async throws {
        let fixture = try await KeyringFixture()
        let stored = try await fixture.store(secret: "pass wörd\n")
        let found = try await fixture.keyring.items(schema: KeyringFixture.schema, attributes: ["id": "one"])
        #expect(found == [stored])
        #expect(found.first?.label == "A label")
        #expect(found.first?.attributes == ["id": "one"])
        #expect(try await fixture.keyring.secret(of: stored) == SecretBytes(utf8: "pass wörd\n"))
        let outside = try await fixture.session.lookUpOutside([
            "xdg:schema": KeyringFixture.schema, "id": "one",
        ])
        #expect(outside == "pass wörd\n")
    }

    @Test func `what secret-tool stores is found and opened`() async throws {
        let fixture = try await KeyringFixture()
        try await fixture.session.storeOutside(
            "By hand",
            ["xdg:schema": KeyringFixture.schema, "user": "ü"],
            secret: "typed"
        )
        let found = try await fixture.keyring.items(schema: KeyringFixture.schema)
        let item = try #require(found.first)
        #expect(item.label == "By hand")
        #expect(item.attributes == ["user": "ü"])
        #expect(try await fixture.keyring.secret(of: item) == SecretBytes(utf8: "typed"))
    }

    @Test(arguments: [0, 1, 15, 16, 100_000])
    func `secrets of any length and content come back as they were`(length: Int) async throws {
        let fixture = try await KeyringFixture()
        let secret = SecretBytes(copying: (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        let item = try await fixture.keyring.store(
            schema: KeyringFixture.schema,
            label: "Bytes",
            attributes: ["id": "bytes"],
            secret: secret
        )
        #expect(try await fixture.keyring.secret(of: item) == secret)
    }

    @Test func `an item is changed in place`() async throws {
        let fixture = try await KeyringFixture()
        let item = try await fixture.store()
        try await fixture.keyring.change(
            item,
            label: "Another",
            attributes: ["id": "two", "more": "x"],
            secret: SecretBytes(utf8: "changed")
        )
        let all = try await fixture.keyring.items(schema: KeyringFixture.schema)
        #expect(all.map(\.path) == [item.path])
        #expect(all.first?.label == "Another")
        #expect(all.first?.attributes == ["id": "two", "more": "x"])
        #expect(try await fixture.keyring.secret(of: item) == SecretBytes(utf8: "changed"))
    }

    @Test func `what is not to be changed stays`() async throws {
        let fixture = try await KeyringFixture()
        let item = try await fixture.store()
        try await fixture.keyring.change(item, label: "Another")
        let now = try #require(try await fixture.keyring.item(at: item.path))
        #expect(now.attributes == item.attributes)
        #expect(now.schema == item.schema)
        #expect(try await fixture.keyring.secret(of: item) == SecretBytes(utf8: "secret"))
    }

    @Test func `a deleted item is gone, and says so`() async throws {
        let fixture = try await KeyringFixture()
        let item = try await fixture.store()
        try await fixture.keyring.delete(item)
        #expect(try await fixture.keyring.items(schema: KeyringFixture.schema).isEmpty)
        #expect(try await fixture.keyring.item(at: item.path) == nil)
        await #expect(throws: KeyringError.notFound) { try await fixture.keyring.secret(of: item) }
        await #expect(throws: KeyringError.notFound) { try await fixture.keyring.change(item, label: "x") }
        await #expect(throws: KeyringError.notFound) { try await fixture.keyring.delete(item) }
    }

    @Test func `an item of another collection is nobody's`() async throws {
        let fixture = try await KeyringFixture()
        try await fixture.session.storeOutside(
            "Elsewhere",
            ["xdg:schema": KeyringFixture.schema],
            secret: "x",
            collection: "session"
        )
        #expect(try await fixture.keyring.items(schema: KeyringFixture.schema).isEmpty)
        let other = try await KeyringFixture.keyring(on: fixture.session.bus, collection: "session")
        #expect(try await other.items(schema: KeyringFixture.schema).count == 1)
    }

    @Test func `a hundred items are found, the secrets opened in one call`() async throws {
        let fixture = try await KeyringFixture()
        for number in 0..<100 {
            try await fixture.store("\(number)", ["id": "\(number)"], secret: "secret \(number)")
        }
        let items = try await fixture.keyring.items(schema: KeyringFixture.schema)
        #expect(items.count == 100)
        let secrets = try await fixture.keyring.secrets(of: items)
        #expect(items.allSatisfy { secrets[$0.path] == SecretBytes(utf8: "secret \($0.label)") })
    }

    @Test func `a NUL in a label or an attribute is refused rather than cut`() async throws {
        let fixture = try await KeyringFixture()
        await #expect(throws: KeyringError.self) { try await fixture.store("a\0b") }
        await #expect(throws: KeyringError.self) { try await fixture.store("a", ["id": "x\0y"]) }
        #expect(try await fixture.keyring.items(schema: KeyringFixture.schema).isEmpty)
    }
}
