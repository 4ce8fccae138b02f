// SPDX-License-Identifier: Apache-2.0

import DBus
import Glibc
import TestSupport
import Testing

struct `Names on a real bus` {
    let bus: PrivateBus
    let first: BusConnection
    let second: BusConnection
    private let name = "org.keybell.Test"

    init() async throws {
        bus = try await PrivateBus()
        first = try await bus.connect()
        second = try await bus.connect()
    }

    @Test func `a name has one owner`() async throws {
        #expect(try await second.owner(of: name) == nil)
        #expect(try await first.requestName(name))
        #expect(try await first.requestName(name))
        #expect(try await !second.requestName(name))
        #expect(try await second.owner(of: name) == first.uniqueName)
        try await first.releaseName(name)
        #expect(try await second.requestName(name))
    }

    @Test func `a name that D-Bus does not allow is an error`() async throws {
        await #expect(throws: DBusError.self) { try await first.requestName("no name") }
        await #expect(throws: DBusError.self) { try await first.requestName("nul\0.name") }
    }

    @Test func `the owner of a name is followed from the present one on`() async throws {
        #expect(try await first.requestName(name))
        var owners = try await second.owners(of: name).makeAsyncIterator()
        #expect(await owners.next() == .some(.some(first.uniqueName)))
        await first.close()
        #expect(await owners.next() == .some(.none))
        #expect(try await second.requestName(name))
        #expect(await owners.next() == .some(.some(second.uniqueName)))
    }

    @Test func `the bus tells who stands behind a connection`() async throws {
        let credentials = try await first.credentials(of: second.uniqueName)
        #expect(credentials.uid == getuid())
        #expect(credentials.pid == getpid())
        await #expect(throws: DBusError.self) { try await first.credentials(of: ":9.99") }
    }
}
