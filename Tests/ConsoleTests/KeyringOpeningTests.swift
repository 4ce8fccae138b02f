// SPDX-License-Identifier: Apache-2.0

import BusInterface
import DBus
import SecretService
import TestSupport
import Testing

@testable import Console

/// Who has the bus start a keyring for `keybell client`.
struct KeyringOpeningTests {
    @Test func `the daemon does, where one runs, for it knows whether a keyring may be coming back`()
        async throws
    {
        let keyring = try await ActivatableKeyring()
        let (service, client) = (try await keyring.bus.connect(), try await keyring.bus.connect())
        let asked = Observed<[String]>([])
        let unlock = Method("Unlock", in: [Argument("vault", "s")]) {
            (call: MethodCall) async throws(DBusError) -> [Value] in
            asked.update { $0.append(call.body.first?.asString ?? "") }
            throw DBusError(name: KeybellBusError.locked, message: "It is coming back.")
        }
        let path = try #require(ObjectPath(VaultsInterface.path))
        await service.export(
            ExportedObject(
                path: path,
                interfaces: [ExportedInterface(name: VaultsInterface.name, methods: [unlock])]
            )
        )
        _ = try await service.requestName(KeybellBus.name)
        await #expect(throws: ConsoleError.refused("It is coming back.")) {
            _ = try await Keyring.open(DaemonBus(bus: client, name: KeybellBus.name), collection: "default")
        }
        #expect(asked.now == [VaultsInterface.keyring])
        #expect(!keyring.hasStarted)
        await service.close()
        await client.close()
    }
}
