// SPDX-License-Identifier: Apache-2.0

import BusInterface
package import DBus

/// Keybell's objects on the session bus while its configuration has a mistake: every call is answered with that, and at
/// once.
///
/// Without them, nobody would have the bus name, and whoever calls it would have the bus start a daemon that runs
/// already, and wait in vain.
package struct UnconfiguredObjects: Sendable {
    private let bus: BusConnection
    private let place: @Sendable () -> String
    private let look: @Sendable () async -> String?
    private let called: @Sendable () -> Void

    /// Prepares the objects; nothing is exported yet.
    ///
    /// - Parameters:
    ///   - bus: The session bus.
    ///   - place: Where in the configuration the mistake is, as known by now; without a path: sandboxed programs hear it,
    ///     too.
    ///   - look: Looks where the mistake is now, for a reload; nil if there isn't one any more.
    ///   - called: Told of each call, of a reload once it is known what to answer.
    package init(
        bus: BusConnection,
        place: @escaping @Sendable () -> String,
        look: @escaping @Sendable () async -> String?,
        called: @escaping @Sendable () -> Void
    ) {
        (self.bus, self.place, self.look, self.called) = (bus, place, look, called)
    }

    /// Exports the objects; the caller takes the bus name afterwards.
    package func export() async {
        for description in KeybellBus.interfaces {
            await bus.export(
                ExportedObject(
                    path: ObjectPath(constant: description.path),
                    interfaces: [interface(description)]
                )
            )
        }
    }

    private func interface(_ description: BusInterfaceDescription) -> ExportedInterface {
        let properties = description.properties.filter { $0.name != CommonProperty.version.name }
        return ExportedInterface(
            description,
            methods: description.methods.map { method in
                let isReload =
                    description.name == ConfigurationInterface.name
                    && method.name == ConfigurationInterface.reload.name
                return isReload
                    ? (method, { _ async throws(DBusError) in try await reload() })
                    : (method, { _ throws(DBusError) in throw answer() })
            },
            properties: properties.map { property in (property, { _ throws(DBusError) in throw answer() }) }
        )
    }

    private func answer() -> DBusError {
        called()
        return Self.problem(place())
    }

    /// Answers with nothing that has changed once the configuration can be used: all of it is in force from the start.
    private func reload() async throws(DBusError) -> [Value] {
        let place = await look()
        called()
        if let place { throw Self.problem(place) }
        return [.strings([]), .strings([])]
    }

    private static func problem(_ place: String) -> DBusError {
        DBusError(
            name: KeybellBusError.unconfigured,
            message:
                "\(KeybellBusError.unconfiguredText) (\(place)): `keybell doctor` says more."
        )
    }
}
