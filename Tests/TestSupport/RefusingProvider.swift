// SPDX-License-Identifier: Apache-2.0

import DBus

/// A Secret Service on a bus of its own that hands everything on to a real one, but for what it is told to refuse.
package struct RefusingProvider {
    private static let root: ObjectPath = "/org/freedesktop/secrets"
    private static let prompt: ObjectPath = "/org/freedesktop/secrets/prompt/p1"

    /// Where it serves.
    package let bus: PrivateBus
    /// The method or property that fails, if one does.
    package let failing = Observed<String?>(nil)
    /// How many calls of a method succeed before it fails.
    package let allowed = Observed<[String: Int]>([:])
    /// The method that is carried out, though its answer says that it has failed, as of one that takes too long.
    package let failingAfterwards = Observed<String?>(nil)
    /// The method that gets no answer until it is another one, as while the provider asks the person.
    package let holding = Observed<String?>(nil)
    /// Whether the items are locked by themselves.
    package let areItemsLocked = Observed(false)
    /// Whether the person is asked about each deletion; they close that.
    package let asksBeforeDeleting = Observed(false)
    /// Whether somebody else is always quicker to delete an item.
    package let isAlwaysGone = Observed(false)
    /// How often each method was called.
    package let calls = Observed<[String: Int]>([:])
    /// Ends the real one when it is let go of.
    private let session: KeyringSession
    private let real: BusConnection
    private let front: BusConnection
    /// Ends both buses with the test; what is exported has a copy of this value without it, or it would hold itself.
    private var ending: Ending?

    private final class Ending: Sendable {
        private let buses: [PrivateBus]

        init(_ buses: [PrivateBus]) { self.buses = buses }

        deinit {
            for bus in buses { bus.kill() }
        }
    }

    /// Starts one in front of a real one.
    package init(over session: KeyringSession) async throws {
        self.session = session
        bus = try await PrivateBus()
        real = try await session.bus.connect()
        front = try await bus.connect()
        await front.export(service())
        await front.export(collection(try await collectionPath()))
        await front.export(promptObject())
        _ = try await front.requestName("org.freedesktop.secrets")
        ending = Ending([bus, session.bus])
    }

    /// Says that an item has changed, so that whoever follows the keyring reads it again; without a path none that is
    /// there.
    package func tellChange(of item: String? = nil) async throws {
        let path = try await collectionPath()
        let changed = item.flatMap { ObjectPath($0) } ?? path
        try await front.emit(path, "org.freedesktop.Secret.Collection", "ItemChanged", [.objectPath(changed)])
    }

    private func collectionPath() async throws(DBusError) -> ObjectPath {
        let answer = try await real.call(
            "org.freedesktop.secrets",
            Self.root,
            "org.freedesktop.Secret.Service",
            "ReadAlias",
            [.string("default")]
        )
        guard let path = answer.first?.asObjectPath else {
            throw DBusError(name: "org.freedesktop.DBus.Error.Failed", message: "no collection")
        }
        return path
    }

    /// Hands a call on, unless it is to fail; items that come back can be called from then on.
    private func forward(
        _ path: ObjectPath,
        _ interface: String,
        _ member: String,
        _ arguments: [Value]
    ) async throws(DBusError) -> [Value] {
        calls.update { $0[member, default: 0] += 1 }
        let isUsedUp = allowed.now[member].map { calls.now[member, default: 0] > $0 } ?? false
        guard failing.now != member, !isUsedUp else {
            throw DBusError(name: "org.freedesktop.DBus.Error.Failed", message: "told to fail")
        }
        do {
            try await holding.wait(for: "the end of the hold") { $0 == member ? nil : () }
        } catch {
            throw DBusError(name: "org.freedesktop.DBus.Error.Failed", message: "held too long")
        }
        if asksBeforeDeleting.now, member == "Delete" { return [.objectPath(Self.prompt)] }
        if areItemsLocked.now, member == "GetSecrets" {
            return [.dictionary(key: "o", value: "(oayays)", [])]
        }
        let answer = try await real.call("org.freedesktop.secrets", path, interface, member, arguments)
        guard failingAfterwards.now != member else {
            throw DBusError(name: "org.freedesktop.DBus.Error.Failed", message: "told to fail afterwards")
        }
        if isAlwaysGone.now, member == "Delete" {
            throw DBusError(name: "org.freedesktop.Secret.Error.NoSuchObject", message: "it is gone")
        }
        if member == "SearchItems" || member == "CreateItem" {
            let found = answer.flatMap { $0.asArray ?? [$0] }.compactMap(\.asObjectPath)
            for item in found where item.text != "/" { await front.export(self.item(item)) }
        }
        return answer
    }

    private func method(
        _ path: ObjectPath,
        _ interface: String,
        _ member: String,
        in inputs: [Signature],
        out outputs: [Signature]
    ) -> Method {
        Method(
            member,
            in: inputs.enumerated().map { Argument("in\($0)", $1) },
            out: outputs.enumerated().map { Argument("out\($0)", $1) }
        ) { [self] call async throws(DBusError) in
            try await forward(path, interface, member, call.body)
        }
    }

    private func property(_ path: ObjectPath, _ interface: String, _ name: String, _ type: Signature)
        -> Property
    {
        Property(name, type) { [self] _ async throws(DBusError) in
            guard failing.now != name else {
                throw DBusError(name: "org.freedesktop.DBus.Error.Failed", message: "told to fail")
            }
            if areItemsLocked.now, name == "Locked", interface.hasSuffix("Item") { return .boolean(true) }
            let answer = try await real.call(
                "org.freedesktop.secrets",
                path,
                "org.freedesktop.DBus.Properties",
                "Get",
                [.string(interface), .string(name)]
            )
            guard case .variant(let value)? = answer.first else {
                throw DBusError(name: "org.freedesktop.DBus.Error.Failed", message: "no value")
            }
            return value
        }
    }

    private func service() -> ExportedObject {
        let name = "org.freedesktop.Secret.Service"
        let methods = [
            method(Self.root, name, "ReadAlias", in: ["s"], out: ["o"]),
            method(Self.root, name, "OpenSession", in: ["s", "v"], out: ["v", "o"]),
            method(Self.root, name, "GetSecrets", in: ["ao", "o"], out: ["a{o(oayays)}"]),
        ]
        let interface = ExportedInterface(
            name: name,
            methods: methods,
            properties: [property(Self.root, name, "Collections", "ao")]
        )
        return ExportedObject(path: Self.root, interfaces: [interface])
    }

    private func collection(_ path: ObjectPath) -> ExportedObject {
        let name = "org.freedesktop.Secret.Collection"
        let methods = [
            method(path, name, "SearchItems", in: ["a{ss}"], out: ["ao"]),
            method(path, name, "CreateItem", in: ["a{sv}", "(oayays)", "b"], out: ["o", "o"]),
        ]
        let properties = [
            property(path, name, "Locked", "b"), property(path, name, "Label", "s"),
            property(path, name, "Items", "ao"),
        ]
        let interface = ExportedInterface(name: name, methods: methods, properties: properties)
        return ExportedObject(path: path, interfaces: [interface])
    }

    private func promptObject() -> ExportedObject {
        let name = "org.freedesktop.Secret.Prompt"
        let methods = [
            Method("Prompt", in: [Argument("window", "s")]) { [calls, front] _ async throws(DBusError) in
                calls.update { $0["Prompt", default: 0] += 1 }
                try await front.emit(Self.prompt, name, "Completed", [.boolean(true), .variant(.string(""))])
                return []
            },
            Method("Dismiss") { [calls] _ in
                calls.update { $0["Dismiss", default: 0] += 1 }
                return []
            },
        ]
        return ExportedObject(
            path: Self.prompt,
            interfaces: [ExportedInterface(name: name, methods: methods)]
        )
    }

    private func item(_ path: ObjectPath) -> ExportedObject {
        let name = "org.freedesktop.Secret.Item"
        let methods = [
            method(path, name, "Delete", in: [], out: ["o"]),
            method(path, name, "SetSecret", in: ["(oayays)"], out: []),
            method(path, name, "GetSecret", in: ["o"], out: ["(oayays)"]),
        ]
        let properties = [
            property(path, name, "Locked", "b"), property(path, name, "Label", "s"),
            property(path, name, "Attributes", "a{ss}"), property(path, name, "Created", "t"),
            property(path, name, "Modified", "t"),
        ]
        let interface = ExportedInterface(name: name, methods: methods, properties: properties)
        return ExportedObject(path: path, interfaces: [interface])
    }
}
