// SPDX-License-Identifier: Apache-2.0

/// An object that this program shows on the bus.
package struct ExportedObject: Sendable {
    /// Where it stands.
    package let path: ObjectPath
    /// What it can do, besides the standard interfaces, which come by themselves.
    package let interfaces: [ExportedInterface]

    /// Describes an object; `BusConnection.export` shows it.
    package init(path: ObjectPath, interfaces: [ExportedInterface]) {
        self.path = path
        self.interfaces = interfaces
    }
}

/// One interface of an exported object: its description and what runs when it is called.
package struct ExportedInterface: Sendable {
    /// The interface's name.
    package let name: String
    /// What can be called.
    package let methods: [Method]
    /// What the object announces on its own; `BusConnection.emit` sends it.
    package let signals: [SignalDescription]
    /// What can be read.
    package let properties: [Property]

    /// Describes an interface.
    package init(
        name: String,
        methods: [Method] = [],
        signals: [SignalDescription] = [],
        properties: [Property] = []
    ) {
        self.name = name
        self.methods = methods
        self.signals = signals
        self.properties = properties
    }
}

/// One argument of a method or a signal.
package struct Argument: Hashable, Sendable {
    /// Its name, for people who read the introspection.
    package let name: String
    /// Its type, one complete type.
    package let signature: Signature

    /// Names and types an argument.
    package init(_ name: String, _ signature: Signature) {
        self.name = name
        self.signature = signature
    }
}

/// A method of an exported interface.
package struct Method: Sendable {
    /// What answers a call.
    ///
    /// Its values must have the types of `out`; anything else is answered as a failure.
    package typealias Handler = @Sendable (MethodCall) async throws(DBusError) -> [Value]

    /// The method's name.
    package let name: String
    /// What it takes.
    package let input: [Argument]
    /// What it gives.
    package let output: [Argument]
    let handler: Handler

    /// Describes a method.
    ///
    /// The handler runs on the connection's queue until it waits for something, so it may not block.
    package init(
        _ name: String,
        in input: [Argument] = [],
        out output: [Argument] = [],
        handler: @escaping Handler
    ) {
        self.name = name
        self.input = input
        self.output = output
        self.handler = handler
    }
}

/// A call of an exported method, its arguments already of the types that the method takes.
package struct MethodCall: Sendable {
    /// The caller's unique name, put there by the bus.
    package let sender: String
    /// The arguments.
    package let body: [Value]
    let waits: @Sendable () async -> Void

    /// Says that the handler only waits from now on, for a person, say: other calls of the same process, of which only
    /// a few are handled at once, needn't wait for this one.
    package func onlyWaits() async {
        await waits()
    }
}

/// A signal of an exported interface.
package struct SignalDescription: Hashable, Sendable {
    /// The signal's name.
    package let name: String
    /// What it brings.
    package let arguments: [Argument]

    /// Describes a signal.
    package init(_ name: String, _ arguments: [Argument] = []) {
        self.name = name
        self.arguments = arguments
    }
}

/// A property of an exported interface, to be read only.
package struct Property: Sendable {
    /// The property's name.
    package let name: String
    /// Its type.
    package let signature: Signature
    let get: Getter

    /// What reads a property for the caller of this unique name: a value of the property's type, or why it may not read it.
    package typealias Getter = @Sendable (_ sender: String) async throws(DBusError) -> Value

    /// Describes a property.
    package init(_ name: String, _ signature: Signature, get: @escaping Getter) {
        self.name = name
        self.signature = signature
        self.get = get
    }
}
