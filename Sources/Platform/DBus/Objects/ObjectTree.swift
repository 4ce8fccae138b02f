// SPDX-License-Identifier: Apache-2.0

import DisplayText

/// The objects that a connection exports, and what answers a call of each of their methods.
struct ObjectTree {
    /// What a call comes to: the work, and the type that its outcome must have.
    struct Route {
        let output: String
        let work: @Sendable () async throws(DBusError) -> [Value]
    }

    /// The header of a call.
    struct Target {
        let sender: String
        let path: ObjectPath
        let interface: String?
        let member: String
        let signature: String

        /// The path as an error repeats it, cut: it is the one part of a header that has no limit.
        var shownPath: String { PlainText.field(path.text) }
    }

    private var objects: [ObjectPath: ExportedObject] = [:]

    mutating func insert(_ object: ExportedObject) {
        objects[object.path] = object
    }

    /// Finds the method that answers a call; its arguments need only be read once their types are known to fit.
    func method(for target: Target) throws(DBusError) -> Method {
        let interfaces = try interfaces(at: target.path, for: target.interface)
        if let name = target.interface, !interfaces.contains(where: { $0.name == name }) {
            let message = "\(target.shownPath) has no interface \(name)."
            throw DBusError(name: DBusError.Name.unknownInterface, message: message)
        }
        // Without an interface in the call, the first method of that name is meant.
        let candidates = interfaces.filter { target.interface == nil || $0.name == target.interface }
        guard let method = candidates.flatMap(\.methods).first(where: { $0.name == target.member }) else {
            throw .unknownMethod("\(target.shownPath) has no method \(target.member) there.")
        }
        let expected = method.input.map(\.signature.text).joined()
        guard target.signature == expected else {
            throw .invalidArgs("\(target.member) takes (\(expected)), not (\(target.signature)).")
        }
        return method
    }

    /// Finds what answers a call with these arguments.
    func route(_ method: Method, _ call: MethodCall) -> Route {
        let output = method.output.map(\.signature.text).joined()
        return Route(output: output) { () async throws(DBusError) in try await method.handler(call) }
    }

    private func interfaces(
        at path: ObjectPath,
        for interface: String?
    ) throws(DBusError) -> [ExportedInterface] {
        let object = objects[path]
        let children = children(of: path)
        guard object != nil || !children.isEmpty || interface == StandardInterfaces.peerName else {
            throw DBusError(
                name: DBusError.Name.unknownObject,
                message: "There is no object \(PlainText.field(path.text))."
            )
        }
        let own = object?.interfaces ?? []
        let standard = StandardInterfaces.all(of: own, children: children)
        return own + standard
    }

    /// The names of the nodes right below a path.
    private func children(of path: ObjectPath) -> [String] {
        let prefix = path.text == "/" ? "/" : path.text + "/"
        let names = objects.keys.compactMap { key -> String? in
            guard key.text.hasPrefix(prefix), key != path else { return nil }
            let below = key.text.dropFirst(prefix.count)
            return below.split(separator: "/").first.map { String($0) }
        }
        return Set(names).sorted()
    }
}
