// SPDX-License-Identifier: Apache-2.0

import Approval
import BusInterface
import Callers
import DBus
import Glibc
import TestSupport
import Testing

struct `Agents on the bus` {
    let fixture: ServiceFixture
    private let changes: AsyncStream<Message>

    init() async throws {
        fixture = try await ServiceFixture()
        changes = try await fixture.client.signals(sender: KeybellBus.name, member: "PropertiesChanged")
    }

    private func register(
        _ name: String,
        exclusive: Value? = nil,
        from connection: BusConnection? = nil
    ) async throws(DBusError) {
        let options = exclusive.map { ["exclusive": $0] } ?? [:]
        let arguments: [Value] = [.string(name), .vardict(options)]
        try await fixture.call(ApprovalInterface.registerAgent, arguments, from: connection)
    }

    private func agents() async throws -> [[String: Value]] {
        let answer = try await fixture.call(ApprovalInterface.listAgents)
        return try #require(answer.first?.asArray).compactMap(\.vardict)
    }

    private func names(_ iterator: inout AsyncStream<Message>.Iterator) async -> Value? {
        await iterator.next(isolation: #isolation)?.body.dropFirst().first?.vardict?["Agents"]
    }

    @Test func `an agent is listed with its executable until it unregisters`() async throws {
        var next = changes.makeAsyncIterator()
        try await register("watch", exclusive: .boolean(true))
        #expect(await names(&next) == .strings(["watch"]))
        let agent = try #require(try await agents().first)
        let own = try #require(Answerer.read(pid: getpid(), uid: getuid()).chain.first)
        #expect(
            agent == [
                "name": .string("watch"), "executable": .string(own.executable), "exclusive": .boolean(true),
                "shown": .boolean(false), "answered": .uint32(0), "expired": .uint32(0),
            ]
        )
        try await fixture.call(ApprovalInterface.unregisterAgent)
        #expect(await names(&next) == .strings([]))
        #expect(try await agents().isEmpty)
    }

    @Test func `an agent that leaves the bus is one no more`() async throws {
        var next = changes.makeAsyncIterator()
        let agent = try await fixture.bus.connect()
        try await register("watch", from: agent)
        try await register("watch again", from: agent)
        #expect(await names(&next) == .strings(["watch"]))
        #expect(await names(&next) == .strings(["watch again"]))
        await agent.close()
        #expect(await names(&next) == .strings([]))
        #expect(try await agents().isEmpty)
    }

    @Test func `an agent that unregistered can come back and is still watched`() async throws {
        var next = changes.makeAsyncIterator()
        let agent = try await fixture.bus.connect()
        for _ in 0..<3 {
            try await register("watch", from: agent)
            #expect(await names(&next) == .strings(["watch"]))
            try await fixture.call(ApprovalInterface.unregisterAgent, from: agent)
            #expect(await names(&next) == .strings([]))
        }
        try await register("watch", from: agent)
        #expect(await names(&next) == .strings(["watch"]))
        await agent.close()
        #expect(await names(&next) == .strings([]))
    }

    @Test func `an agent that can't be watched is none`() async throws {
        let fixture = try await ServiceFixture(mostMatchRules: 64)
        var taken: [AsyncStream<Message>] = []
        let error = await fixture.errorName { () throws(DBusError) in
            for number in 0...64 {
                taken.append(
                    try await fixture.daemon.signals(sender: KeybellBus.name, member: "Used\(number)")
                )
            }
        }
        #expect(error == DBusError.Name.limitsExceeded)
        let arguments: [Value] = [.string("watch"), .vardict(["exclusive": .boolean(true)])]
        let refused = await fixture.errorName { () throws(DBusError) in
            try await fixture.call(ApprovalInterface.registerAgent, arguments)
        }
        #expect(refused != nil)
        let answer = try await fixture.call(ApprovalInterface.listAgents)
        #expect(answer.first?.asArray?.isEmpty == true)
        withExtendedLifetime(taken) {}
    }

    @Test func `an agent needs a name, and exclusive is true or false`() async throws {
        for (name, exclusive) in [("", nil), ("watch", Value.string("yes"))] {
            #expect(
                await fixture.errorName { () throws(DBusError) in
                    try await register(name, exclusive: exclusive)
                } == DBusError.Name.invalidArgs
            )
        }
        #expect(try await agents().isEmpty)
    }

    @Test func `an option that isn't known, a long name and the thirty-third agent are refused`() async throws
    {
        let calls: [(String, [String: Value])] = [
            ("watch", ["exclusiv": .boolean(true)]),
            ("watch", ["exclusive": .boolean(true), "other": .string("")]),
            (String(repeating: "w", count: 65), [:]),
        ]
        for (name, options) in calls {
            let error = await fixture.errorName { () throws(DBusError) in
                try await fixture.call(ApprovalInterface.registerAgent, [.string(name), .vardict(options)])
            }
            #expect(error == DBusError.Name.invalidArgs)
        }
        var connections: [BusConnection] = []
        for _ in 0..<32 {
            let connection = try await fixture.bus.connect()
            try await register("watch", from: connection)
            connections.append(connection)
        }
        let error = await fixture.errorName { () throws(DBusError) in try await register("watch") }
        #expect(error == DBusError.Name.limitsExceeded)
        for connection in connections { await connection.close() }
    }

    @Test func `only an agent can say that it shows a request`() async throws {
        let (code, _) = try await fixture.ask(.full(.release))
        let shown = { () async throws(DBusError) in
            try await fixture.call(ApprovalInterface.shown, [.string(code)])
        }
        #expect(
            await fixture.errorName { () throws(DBusError) in _ = try await shown() }
                == KeybellBusError.notAllowed
        )
        try await register("watch")
        #expect(await fixture.errorName { () throws(DBusError) in _ = try await shown() } == nil)
        #expect(
            await fixture.errorName { () throws(DBusError) in
                try await fixture.call(ApprovalInterface.shown, [.string("2222")])
            } == KeybellBusError.unknownRequest
        )
    }
}
