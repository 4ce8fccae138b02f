// SPDX-License-Identifier: Apache-2.0

import DBus
import TestSupport

/// An object for tests: it answers, fails, waits and lies about its types.
struct TestObject {
    static let path: ObjectPath = "/org/keybell/Test"
    static let name = "org.keybell.Test1"

    /// How many calls of `Wait` have come in, and whether they may go on.
    let gate = Observed((waiting: 0, isOpen: false))

    var object: ExportedObject {
        let gate = gate
        return ExportedObject(
            path: Self.path,
            interfaces: [
                ExportedInterface(
                    name: Self.name,
                    methods: [
                        Method("Echo", in: [Argument("text", "s")], out: [Argument("text", "s")]) {
                            (call) throws(DBusError) in call.body
                        },
                        Method("Who", out: [Argument("sender", "s")]) { (call) throws(DBusError) in
                            [.string(call.sender)]
                        },
                        Method("Take", in: [Argument("options", "a{sv}")]) { (_) throws(DBusError) in [] },
                        Method("Fail", in: [Argument("name", "s")]) { (call) throws(DBusError) in
                            throw DBusError(name: call.body.first?.asString ?? "", message: "as\0asked")
                        },
                        Method("Lie", out: [Argument("number", "u")]) { (_) throws(DBusError) in
                            [.string("no number")]
                        },
                        Method("Wait", in: [Argument("number", "u")], out: [Argument("number", "u")]) {
                            (call) throws(DBusError) in
                            await call.onlyWaits()
                            gate.update { $0.waiting += 1 }
                            do {
                                try await gate.wait(for: "the gate") { $0.isOpen ? () : nil }
                            } catch {
                                throw .noReply
                            }
                            return call.body
                        },
                    ],
                    signals: [SignalDescription("Rang", [Argument("who", "s")])],
                    properties: [
                        Property("Count", "u") { _ in .uint32(7) },
                        Property("Names", "as") { _ in .strings(["a"]) },
                    ]
                )
            ]
        )
    }
}
