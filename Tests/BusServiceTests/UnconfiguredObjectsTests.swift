// SPDX-License-Identifier: Apache-2.0

import BusInterface
import BusService
import DBus
import TestSupport
import Testing

/// The bus while the daemon waits for its configuration to be mended.
struct UnconfiguredObjectsTests {
    @Test func `every call and property is answered at once with the mistake`() async throws {
        let bus = try await PrivateBus()
        let (daemon, client) = (try await bus.connect(), try await bus.connect())
        let calls = Observed(0)
        let objects = UnconfiguredObjects(
            bus: daemon,
            place: { "http.prot" },
            look: { "http.prot" },
            called: { calls.update { $0 += 1 } }
        )
        await objects.export()
        #expect(try await daemon.requestName(KeybellBus.name))
        var expected = 0
        for interface in KeybellBus.interfaces {
            let path = try #require(ObjectPath(interface.path))
            for method in interface.methods {
                let arguments = method.input.map { Self.value($0.signature) }
                await #expect {
                    try await client.call(KeybellBus.name, path, interface.name, method.name, arguments)
                } throws: { error in
                    let error = error as? DBusError
                    return error?.name == KeybellBusError.unconfigured
                        && error?.message.contains("(http.prot)") == true
                }
                expected += 1
            }
        }
        #expect(calls.now == expected)
    }

    @Test
    func `a reload is answered with the mistake that there is now, and with success once there isn't one`()
        async throws
    {
        let bus = try await PrivateBus()
        let (daemon, client) = (try await bus.connect(), try await bus.connect())
        let place = Observed<String?>("match.sort")
        let calls = Observed(0)
        let objects = UnconfiguredObjects(
            bus: daemon,
            place: { "http.prot" },
            look: { place.now },
            called: { calls.update { $0 += 1 } }
        )
        await objects.export()
        #expect(try await daemon.requestName(KeybellBus.name))
        let path = try #require(ObjectPath(ConfigurationInterface.path))
        let (interface, reload) = (ConfigurationInterface.name, ConfigurationInterface.reload.name)
        let error = await #expect(throws: DBusError.self) {
            try await client.call(KeybellBus.name, path, interface, reload)
        }
        #expect(error?.name == KeybellBusError.unconfigured)
        #expect(error?.message.contains("(match.sort)") == true)
        place.update { $0 = nil }
        #expect(
            try await client.call(KeybellBus.name, path, interface, reload) == [.strings([]), .strings([])]
        )
        #expect(calls.now == 2)
    }

    private static func value(_ signature: String) -> Value {
        switch signature {
        case "s": .string("x")
        case "b": .boolean(true)
        case "u": .uint32(1)
        case "t": .uint64(1)
        case "a{sv}": .vardict([:])
        case "as": .strings([])
        case "h": PassedDescriptor(duplicating: 0).map { .descriptor($0) } ?? .string("no descriptor")
        default: .string("unknown type \(signature)")
        }
    }
}
