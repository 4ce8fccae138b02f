// SPDX-License-Identifier: Apache-2.0

import CDBus
import DisplayText

/// The interfaces that every object has: Properties, Introspectable, Peer.
enum StandardInterfaces {
    static let peerName = "org.freedesktop.DBus.Peer"
    static let propertiesName = "org.freedesktop.DBus.Properties"
    static let introspectableName = "org.freedesktop.DBus.Introspectable"

    /// The standard interfaces of an object that has these interfaces of its own.
    static func all(of own: [ExportedInterface], children: [String]) -> [ExportedInterface] {
        let described = [properties(of: own), introspectable(xml: ""), peer]
        let xml = Introspection.xml(interfaces: own + described, children: children)
        return [properties(of: own), introspectable(xml: xml), peer]
    }

    private static func introspectable(xml: String) -> ExportedInterface {
        ExportedInterface(
            name: introspectableName,
            methods: [
                Method("Introspect", out: [Argument("xml_data", "s")]) { (_) throws(DBusError) in
                    [.string(xml)]
                }
            ]
        )
    }

    private static let peer = ExportedInterface(
        name: peerName,
        methods: [
            Method("Ping") { (_) throws(DBusError) in [] },
            Method("GetMachineId", out: [Argument("machine_uuid", "s")]) { (_) throws(DBusError) in
                guard let characters = unsafe dbus_try_get_local_machine_id(nil) else {
                    throw .failed("This machine has no id.")
                }
                defer { unsafe dbus_free(characters) }
                return [.string(unsafe String(cString: characters))]
            },
        ]
    )

    private static func properties(of own: [ExportedInterface]) -> ExportedInterface {
        ExportedInterface(
            name: propertiesName,
            methods: [
                Method(
                    "Get",
                    in: [Argument("interface_name", "s"), Argument("property_name", "s")],
                    out: [Argument("value", "v")]
                ) { (call) throws(DBusError) in
                    [.variant(try await (try property(call.body, of: own)).get(call.sender))]
                },
                Method(
                    "GetAll",
                    in: [Argument("interface_name", "s")],
                    out: [Argument("properties", "a{sv}")]
                ) { (call) throws(DBusError) in
                    var values: [String: Value] = [:]
                    for property in try interfaces(call.body, of: own).flatMap(\.properties) {
                        values[property.name] = try await property.get(call.sender)
                    }
                    return [.vardict(values)]
                },
                Method(
                    "Set",
                    in: [
                        Argument("interface_name", "s"), Argument("property_name", "s"),
                        Argument("value", "v"),
                    ]
                ) { (call) throws(DBusError) in
                    let name = try property(call.body, of: own).name
                    throw DBusError(
                        name: DBusError.Name.propertyReadOnly,
                        message: "\(name) can only be read."
                    )
                },
            ],
            signals: [
                SignalDescription(
                    "PropertiesChanged",
                    [
                        Argument("interface_name", "s"), Argument("changed_properties", "a{sv}"),
                        Argument("invalidated_properties", "as"),
                    ]
                )
            ]
        )
    }

    /// The interface that a call means; an empty name means all.
    private static func interfaces(
        _ arguments: [Value],
        of own: [ExportedInterface]
    ) throws(DBusError) -> [ExportedInterface] {
        let name = arguments.first?.asString ?? ""
        let standard = [propertiesName, introspectableName, peerName]
        if name.isEmpty || standard.contains(name) { return name.isEmpty ? own : [] }
        let named = own.filter { $0.name == name }
        guard !named.isEmpty else {
            throw DBusError(
                name: DBusError.Name.unknownInterface,
                message: "There is no interface \(PlainText.quoted(name)) here."
            )
        }
        return named
    }

    private static func property(
        _ arguments: [Value],
        of own: [ExportedInterface]
    ) throws(DBusError) -> Property {
        let name = arguments.dropFirst().first?.asString ?? ""
        let properties = try interfaces(arguments, of: own).flatMap(\.properties)
        guard let property = properties.first(where: { $0.name == name }) else {
            throw DBusError(
                name: DBusError.Name.unknownProperty,
                message: "There is no property \(PlainText.quoted(name))."
            )
        }
        return property
    }
}
