// SPDX-License-Identifier: Apache-2.0

import BusInterface
import DBus

/// `org.keybell.Configuration1`: read anew by the person's hand.
struct ConfigurationObject: Sendable {
    let configuration: any ConfigurationService
    let callers: BusCallers

    static let path = ObjectPath(constant: ConfigurationInterface.path)

    var exported: ExportedObject {
        let interface = ExportedInterface(
            ConfigurationInterface.description,
            methods: [(ConfigurationInterface.reload, reload), (ConfigurationInterface.state, state)]
        )
        return ExportedObject(path: Self.path, interfaces: [interface])
    }

    private func reload(_ call: MethodCall) async throws(DBusError) -> [Value] {
        try await callers.unsandboxed(call.sender)
        do throws(ReloadError) {
            let report = try await configuration.reload()
            return [.strings(report.changed), .strings(report.afterRestart)]
        } catch {
            throw DBusError(
                name: KeybellBusError.badConfiguration,
                message: error.text + ". The configuration before it stays in force."
            )
        }
    }

    private func state(_ call: MethodCall) async throws(DBusError) -> [Value] {
        try await callers.unsandboxed(call.sender)
        typealias Key = ConfigurationInterface.Key
        let state = await configuration.state()
        var details: [String: Value] = [
            Key.file: .string(state.file),
            Key.current: .boolean(state.isCurrent),
            Key.afterRestart: .strings(state.afterRestart),
            Key.port: .uint32(UInt32(clamping: state.port)),
            Key.sockets: .array("t", state.sockets.map { .uint64($0) }),
            Key.collection: .string(state.collection),
            Key.notifier: .boolean(state.isNotifierOn),
            Key.display: .boolean(state.hasDisplay),
            Key.access: .string(state.access),
            Key.clientAccess: .vardict(state.clientAccess.mapValues { .string($0) }),
            Key.useless: .strings(state.useless),
        ]
        if let problem = state.problem { details[Key.problem] = .string(problem) }
        return [.vardict(details)]
    }
}
