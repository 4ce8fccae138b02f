// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

@testable import DBus

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

    @Test func `a process that is younger than a connection hasn't made it`() async throws {
        #expect(await !first.canHaveMade(second.uniqueName, startTime: 1), "nobody knows how old it is")
        try await first.noteConnections()
        #expect(await first.canHaveMade(second.uniqueName, startTime: 1))
        let third = try await bus.connect()
        // The bus has told of it before it answers anything about it.
        #expect(try await first.owner(of: third.uniqueName) == third.uniqueName)
        #expect(await first.canHaveMade(third.uniqueName, startTime: 1))
        for name in [second.uniqueName, third.uniqueName] {
            #expect(await !first.canHaveMade(name, startTime: .max))
        }
    }

    @Test func `a connection is as old as the bus has said, or older than the first that is noted`() {
        var times = ConnectionStarts()
        #expect(times.latest(of: ":1.1") == nil)
        times.since = 100
        times.take(":1.2", from: "", to: ":1.2", at: 150)
        times.take("org.example.X", from: "", to: ":1.1", at: 160)
        #expect(times.latest(of: ":1.1") == 100 && times.latest(of: ":1.2") == 150)
        times.take(":1.2", from: ":1.2", to: "", at: 170)
        #expect(times.latest(of: ":1.2") == 100)
    }
}
