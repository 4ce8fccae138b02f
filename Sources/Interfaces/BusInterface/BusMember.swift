// SPDX-License-Identifier: Apache-2.0

/// A named, typed argument of a method or a signal.
package struct BusArgument: Hashable, Sendable {
    /// The name that introspection shows.
    package let name: String
    /// The D-Bus signature of one complete type.
    package let signature: String

    /// Describes one argument.
    package init(_ name: String, _ signature: String) {
        self.name = name
        self.signature = signature
    }
}

/// A method of one of our interfaces: its name and what goes in and out.
package struct BusMethod: Hashable, Sendable {
    /// The member name, as it stands in a call.
    package let name: String
    /// What a caller passes, in order.
    package let input: [BusArgument]
    /// What a caller gets back, in order.
    package let output: [BusArgument]

    /// Describes one method.
    package init(_ name: String, in input: [BusArgument] = [], out output: [BusArgument] = []) {
        self.name = name
        self.input = input
        self.output = output
    }
}

/// A signal of one of our interfaces.
package struct BusSignal: Hashable, Sendable {
    /// The member name, as it stands in a match rule.
    package let name: String
    /// What it carries, in order.
    package let arguments: [BusArgument]

    /// Describes one signal.
    package init(_ name: String, _ arguments: [BusArgument] = []) {
        self.name = name
        self.arguments = arguments
    }
}

/// A readable property of one of our interfaces, announced by `PropertiesChanged`.
package struct BusProperty: Hashable, Sendable {
    /// The property's name.
    package let name: String
    /// The D-Bus signature of its value.
    package let signature: String

    /// Describes one property.
    package init(_ name: String, _ signature: String) {
        self.name = name
        self.signature = signature
    }
}

/// One of our interfaces as a whole, in the order in which its XML lists the members.
package struct BusInterfaceDescription: Hashable, Sendable {
    /// The interface name, such as `org.keybell.Approval1`.
    package let name: String
    /// The object that carries it.
    package let path: String
    /// Every method.
    package let methods: [BusMethod]
    /// Every signal.
    package let signals: [BusSignal]
    /// Every property.
    package let properties: [BusProperty]
}
