// SPDX-License-Identifier: Apache-2.0

import DBus
import TestSupport
import Testing

struct `Signals over a real bus` {
    let bus: PrivateBus
    let ringer: BusConnection
    let forger: BusConnection
    let listener: BusConnection

    init() async throws {
        bus = try await PrivateBus()
        ringer = try await bus.connect()
        forger = try await bus.connect()
        listener = try await bus.connect()
    }

    private func send(_ connection: BusConnection, _ who: String, to: String? = nil) async throws {
        try await connection.emit(TestObject.path, TestObject.name, "Rang", [.string(who)], to: to)
    }

    @Test func `a subscriber gets the signals in order`() async throws {
        let signals = try await listener.signals(interface: TestObject.name, member: "Rang")
        for number in 0..<100 { try await send(ringer, "\(number)") }
        let got = await signals.prefix(100).reduce(into: [String]()) { list, signal in
            list.append(signal.body.first?.asString ?? "")
        }
        #expect(got == (0..<100).map { "\($0)" })
    }

    @Test func `a forged signal is not seen by who listens to a unique name`() async throws {
        let signals = try await listener.signals(sender: ringer.uniqueName, member: "Rang")
        try await send(forger, "forged")
        try await send(forger, "forged straight", to: listener.uniqueName)
        _ = try await forger.owner(of: "org.freedesktop.DBus")
        try await send(ringer, "true")
        var next = signals.makeAsyncIterator()
        #expect(await next.next()?.body == [.string("true")])
    }

    @Test func `a forged signal is not seen by who listens to a well-known name`() async throws {
        #expect(try await ringer.requestName("org.keybell.Ringer"))
        let signals = try await listener.signals(sender: "org.keybell.Ringer", member: "Rang")
        // A second, wider subscription makes the bus deliver the forger's signals as well.
        let all = try await listener.signals(member: "Rang")
        try await send(forger, "forged", to: listener.uniqueName)
        try await send(forger, "forged")
        var everything = all.makeAsyncIterator()
        #expect(await everything.next()?.body == [.string("forged")])
        #expect(await everything.next()?.body == [.string("forged")])
        try await send(ringer, "true")
        var next = signals.makeAsyncIterator()
        #expect(await next.next()?.body == [.string("true")])
    }

    @Test func `who takes over a well-known name is listened to from then on`() async throws {
        let signals = try await listener.signals(sender: "org.keybell.Ringer", member: "Rang")
        try await send(ringer, "too early", to: listener.uniqueName)
        #expect(try await ringer.requestName("org.keybell.Ringer"))
        try await send(ringer, "first")
        try await ringer.releaseName("org.keybell.Ringer")
        #expect(try await forger.requestName("org.keybell.Ringer"))
        try await send(ringer, "too late", to: listener.uniqueName)
        try await send(forger, "second")
        var next = signals.makeAsyncIterator()
        #expect(await next.next()?.body == [.string("first")])
        #expect(await next.next()?.body == [.string("second")])
    }

    @Test func `a first argument picks its signals`() async throws {
        let signals = try await listener.signals(member: "Rang", firstArgument: "it's me")
        _ = try await listener.signals(member: "Rang")
        try await send(ringer, "someone else")
        try await send(ringer, "it's me")
        var next = signals.makeAsyncIterator()
        #expect(await next.next()?.body == [.string("it's me")])
    }

    @Test func `a subscription that is let go of is taken back from the bus`() async throws {
        let rules = { () async throws -> Value? in
            let answer = try await listener.call(
                "org.freedesktop.DBus",
                "/org/freedesktop/DBus",
                "org.freedesktop.DBus.Debug.Stats",
                "GetConnectionStats",
                [.string(listener.uniqueName)]
            )
            return answer.first?.vardict?["MatchRules"]
        }
        guard (try? await rules()) != nil else { return }  // this dbus-daemon was built without statistics
        do {
            let signals = try await listener.signals(sender: "org.keybell.Ringer", member: "Rang")
            #expect(try await rules() == .uint32(2))
            let reading = Task { for await _ in signals {} }
            reading.cancel()
            await reading.value
        }
        #expect(try await rules() == .uint32(0))
    }
}
