// SPDX-License-Identifier: Apache-2.0

import DBus
import TestSupport
import Testing

struct `What every object can do` {
    let bus: PrivateBus
    let server: BusConnection
    let client: BusConnection

    init() async throws {
        bus = try await PrivateBus()
        server = try await bus.connect()
        client = try await bus.connect()
        await server.export(TestObject().object)
    }

    private func property(_ member: String, _ arguments: [Value]) async throws(DBusError) -> [Value] {
        try await client.call(
            server.uniqueName,
            TestObject.path,
            "org.freedesktop.DBus.Properties",
            member,
            arguments
        )
    }

    private func introspect(_ path: ObjectPath) async throws -> String {
        let answer = try await client.call(
            server.uniqueName,
            path,
            "org.freedesktop.DBus.Introspectable",
            "Introspect"
        )
        return try #require(answer.first?.asString)
    }

    @Test func `properties are read one by one and all at once`() async throws {
        let one = try await property("Get", [.string(TestObject.name), .string("Count")])
        #expect(one == [.variant(.uint32(7))])
        let all = try await property("GetAll", [.string(TestObject.name)])
        #expect(all.first?.vardict == ["Count": .uint32(7), "Names": .strings(["a"])])
    }

    @Test(arguments: [
        ("Get", [Value.string(TestObject.name), .string("None")], DBusError.Name.unknownProperty),
        ("Get", [.string("org.keybell.None"), .string("Count")], DBusError.Name.unknownInterface),
        ("GetAll", [.string("org.keybell.None")], DBusError.Name.unknownInterface),
        ("GetAll", [.uint32(1)], DBusError.Name.invalidArgs),
        (
            "Set", [.string(TestObject.name), .string("Count"), .variant(.uint32(1))],
            DBusError.Name.propertyReadOnly
        ),
    ])
    func `a wrong use of properties gets the standard error`(
        member: String,
        arguments: [Value],
        expected: String
    ) async throws {
        let error = await #expect(throws: DBusError.self) { try await property(member, arguments) }
        #expect(error?.name == expected)
    }

    @Test func `introspection tells what was described`() async throws {
        let xml = try await introspect(TestObject.path)
        #expect(xml.contains("<interface name=\"org.keybell.Test1\">"))
        #expect(xml.contains("<arg name=\"text\" type=\"s\" direction=\"in\"/>"))
        #expect(xml.contains("<property name=\"Names\" type=\"as\" access=\"read\"/>"))
        #expect(xml.contains("<interface name=\"org.freedesktop.DBus.Properties\">"))
        #expect(try await introspect("/org").contains("<node name=\"keybell\"/>"))
        #expect(try await introspect("/").contains("<node name=\"org\"/>"))
    }

    @Test func `gdbus, which others wrote, understands the introspection`() async throws {
        let report = try await ChildProcess.run(
            "gdbus",
            ["introspect", "--session", "--dest", server.uniqueName, "--object-path", TestObject.path.text],
            environment: bus.environment
        )
        #expect(report.status == 0, "\(report.errors)")
        #expect(report.output.contains("readonly u Count = 7;"))
        #expect(report.output.contains("Rang(s who);"))
    }

    @Test func `every path answers a ping`() async throws {
        let name = "org.freedesktop.DBus.Peer"
        #expect(try await client.call(server.uniqueName, "/anything", name, "Ping") == [])
    }

    @Test func `a change of properties is told`() async throws {
        let changes = try await client.signals(sender: server.uniqueName, member: "PropertiesChanged")
        try await server.propertiesChanged(TestObject.path, TestObject.name, ["Count": .uint32(8)])
        var next = changes.makeAsyncIterator()
        let body = await next.next()?.body
        #expect(body == [.string(TestObject.name), .vardict(["Count": .uint32(8)]), .strings([])])
    }
}
