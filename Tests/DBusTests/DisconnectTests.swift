// SPDX-License-Identifier: Apache-2.0

import DBus
import TestSupport
import Testing

struct `The end of a connection` {
    @Test func `no bus at the address is an error`() async throws {
        let folder = try TemporaryFolder()
        for address in ["unix:path=" + folder.path("none"), "nonsense", "", "unix:path=\0"] {
            await #expect(throws: DBusError.self) { try await BusConnection.connect(.address(address)) }
        }
    }

    @Test func `when the bus goes, all that waits ends`() async throws {
        let bus = try await PrivateBus()
        let server = try await bus.connect()
        let client = try await bus.connect()
        let object = TestObject()
        await server.export(object.object)
        let signals = try await client.signals(member: "Rang")
        let owners = try await client.owners(of: "org.keybell.Test")
        let call = Task { () async throws -> [Value] in
            try await client.call(
                server.uniqueName,
                TestObject.path,
                TestObject.name,
                "Wait",
                [.uint32(1)]
            )
        }
        try await object.gate.wait(for: "the call") { $0.waiting == 1 ? () : nil }
        try await bus.stop()
        await client.disconnected()
        await #expect(throws: DBusError.disconnected) { try await call.value }
        for await _ in signals {}
        for await _ in owners {}
        await #expect(throws: DBusError.disconnected) { try await client.owner(of: "org.keybell.Test") }
        await #expect(throws: DBusError.disconnected) { try await client.emit("/", "a.b", "C") }
        await #expect(throws: DBusError.disconnected) { _ = try await client.signals(member: "Rang") }
        object.gate.update { $0.isOpen = true }
        await server.disconnected()
    }

    @Test func `a closed connection has gone from the bus`() async throws {
        let bus = try await PrivateBus()
        let (first, second) = (try await bus.connect(), try await bus.connect())
        var owners = try await second.owners(of: first.uniqueName).makeAsyncIterator()
        #expect(await owners.next() == .some(.some(first.uniqueName)))
        await first.close()
        await first.close()
        await first.disconnected()
        #expect(await owners.next() == .some(.none))
    }

    @Test func `a connection that is let go of has gone from the bus`() async throws {
        let bus = try await PrivateBus()
        let second = try await bus.connect()
        var first: BusConnection? = try await bus.connect()
        let name = try #require(first?.uniqueName)
        var owners = try await second.owners(of: name).makeAsyncIterator()
        #expect(await owners.next() == .some(.some(name)))
        first = nil
        #expect(await owners.next() == .some(.none))
    }

    @Test func `a wait for the end can be cancelled`() async throws {
        let bus = try await PrivateBus()
        let connection = try await bus.connect()
        let waiting = Task { await connection.disconnected() }
        waiting.cancel()
        await waiting.value
        #expect(try await connection.owner(of: connection.uniqueName) == connection.uniqueName)
    }
}
