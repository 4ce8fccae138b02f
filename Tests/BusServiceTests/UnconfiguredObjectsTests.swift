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
        let objects = UnconfiguredObjects(bus: daemon, place: "http.prot") { calls.update { $0 += 1 } }
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

    private static func value(_ signature: String) -> Value {
        switch signature {
        case "s": .string("x")
        case "b": .boolean(true)
        case "u": .uint32(1)
        case "t": .uint64(1)
        case "a{sv}": .vardict([:])
        case "as": .strings([])
        default: .string("unknown type \(signature)")
        }
    }
}
