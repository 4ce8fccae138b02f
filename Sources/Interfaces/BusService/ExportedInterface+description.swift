// SPDX-License-Identifier: Apache-2.0

import BusInterface
import DBus

extension ExportedInterface {
    /// An interface as `BusInterface` describes it; a test holds both equal to `dbus/*.xml`.
    init(
        _ description: BusInterfaceDescription,
        methods: [(BusMethod, Method.Handler)],
        properties: [(BusProperty, Property.Getter)] = []
    ) {
        self.init(
            name: description.name,
            methods: methods.map { method, handler in
                Method(
                    method.name,
                    in: method.input.map(Argument.init),
                    out: method.output.map(Argument.init),
                    handler: handler
                )
            },
            signals: description.signals.map { SignalDescription($0.name, $0.arguments.map(Argument.init)) },
            properties: properties.map { property, get in
                Property(property.name, Signature(constant: property.signature), get: get)
            } + [Self.version]
        )
    }
}

extension ExportedInterface {
    /// What each of our interfaces has, for every caller.
    private static let version = Property(
        CommonProperty.version.name,
        Signature(constant: CommonProperty.version.signature)
    ) { _ in .string(KeybellVersion.text) }
}

extension Argument {
    fileprivate init(_ argument: BusArgument) {
        self.init(argument.name, Signature(constant: argument.signature))
    }
}

extension Signature {
    /// A signature of ours, which is valid: a wrong one would show as a string and fail the test of the XML.
    fileprivate init(constant text: String) {
        self = Signature(text) ?? "s"
    }
}

extension ObjectPath {
    /// A path of ours, which is valid.
    init(constant text: String) {
        self = ObjectPath(text) ?? "/"
    }
}
