// SPDX-License-Identifier: Apache-2.0

import DBus
import TestSupport

/// Something that owns the Secret Service's name and loses sessions, as KWallet does: in KWallet's own words.
struct SessionLosingProvider {
    static let collection = "/org/freedesktop/secrets/collection/fake"
    static let item = collection + "/1"
    private static let root: ObjectPath = "/org/freedesktop/secrets"

    let connection: BusConnection
    /// The members that were called, in order.
    let calls = Observed<[String]>([])
    /// How many of the next calls find their session lost.
    private let losses = Observed(0)

    init(on bus: PrivateBus) async throws {
        connection = try await bus.connect()
        let fake = self
        await connection.export(service())
        await connection.export(
            object(
                Self.collection,
                "org.freedesktop.Secret.Collection",
                Method(
                    "CreateItem",
                    in: [
                        Argument("properties", "a{sv}"), Argument("secret", "(oayays)"),
                        Argument("replace", "b"),
                    ],
                    out: [Argument("item", "o"), Argument("prompt", "o")]
                ) { _ async throws(DBusError) in
                    try fake.answer(losing: "InvalidObjectPath", "CreateItem")
                    return [.objectPath("/org/freedesktop/secrets/collection/fake/1"), .objectPath("/")]
                }
            )
        )
        await connection.export(
            object(
                Self.item,
                "org.freedesktop.Secret.Item",
                Method("SetSecret", in: [Argument("secret", "(oayays)")]) { _ async throws(DBusError) in
                    try fake.answer(losing: "UnknownObject", "SetSecret")
                    return []
                }
            )
        )
        _ = try await connection.requestName("org.freedesktop.secrets")
    }

    /// The next calls that need a session won't find it.
    func lose(_ count: Int) {
        losses.update { $0 = count }
    }

    private func answer(losing error: String, _ member: String) throws(DBusError) {
        calls.update { $0.append(member) }
        guard losses.now > 0 else { return }
        losses.update { $0 -= 1 }
        throw DBusError(
            name: "org.freedesktop.DBus.Error." + error,
            message: "Can't find session /org/freedesktop/secrets/session/1"
        )
    }

    private func object(_ path: String, _ interface: String, _ method: Method) -> ExportedObject {
        ExportedObject(
            path: ObjectPath(path) ?? Self.root,
            interfaces: [ExportedInterface(name: interface, methods: [method])]
        )
    }

    private func service() -> ExportedObject {
        ExportedObject(
            path: Self.root,
            interfaces: [
                ExportedInterface(
                    name: "org.freedesktop.Secret.Service",
                    methods: [
                        FakeSession.open { [calls] in calls.update { $0.append("OpenSession") } },
                        Method(
                            "GetSecrets",
                            in: [Argument("items", "ao"), Argument("session", "o")],
                            out: [Argument("secrets", "a{o(oayays)}")]
                        ) { _ async throws(DBusError) in
                            try answer(losing: "UnknownObject", "GetSecrets")
                            return [
                                .dictionary(
                                    key: "o",
                                    value: "(oayays)",
                                    [
                                        .init(
                                            key: .objectPath("/org/freedesktop/secrets/collection/fake/1"),
                                            value: FakeSession.secret
                                        )
                                    ]
                                )
                            ]
                        },
                    ]
                )
            ]
        )
    }
}
