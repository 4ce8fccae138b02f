// SPDX-License-Identifier: Apache-2.0

import BusInterface
import DBus
import Foundation
import FoundationXML
import Testing

/// Reads the interfaces out of introspection XML: for each its members, one line for a member or an argument.
private final class InterfaceReader: NSObject, XMLParserDelegate {
    private var interfaces: [String: [String]] = [:]
    private var current = ""

    static func interfaces(in xml: Data) -> [String: [String]] {
        let reader = InterfaceReader()
        let parser = XMLParser(data: xml)
        parser.delegate = reader
        return parser.parse() ? reader.interfaces : [:]
    }

    func parser(
        _ parser: XMLParser,
        didStartElement element: String,
        namespaceURI: String?,
        qualifiedName: String?,
        attributes: [String: String]
    ) {
        switch element {
        case "node": break
        case "interface":
            current = attributes["name"] ?? ""
            interfaces[current] = []
        default:
            let facts = attributes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            interfaces[current, default: []].append(([element] + facts).joined(separator: " "))
        }
    }
}

struct `The bus XML` {
    private static func file(_ interface: BusInterfaceDescription) throws -> Data {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try Data(contentsOf: root.appendingPathComponent("dbus/\(interface.name).xml"))
    }

    @Test(arguments: KeybellBus.interfaces)
    func `is what the object itself tells`(interface: BusInterfaceDescription) async throws {
        let fixture = try await ServiceFixture()
        let answer = try await fixture.client.call(
            KeybellBus.name,
            try #require(ObjectPath(interface.path)),
            "org.freedesktop.DBus.Introspectable",
            "Introspect"
        )
        let told = InterfaceReader.interfaces(in: Data(try #require(answer.first?.asString).utf8))
        let documented = InterfaceReader.interfaces(in: try Self.file(interface))
        #expect(documented.keys.sorted() == [interface.name])
        #expect(told[interface.name] == documented[interface.name])
    }

    @Test func `leaves no member of ours out`() {
        let names = KeybellBus.interfaces.map(\.name)
        #expect(
            names == [
                "org.keybell.Approval1", "org.keybell.Clients1", "org.keybell.Configuration1",
                "org.keybell.Vaults1",
            ]
        )
        #expect(KeybellBus.interfaces.allSatisfy { !$0.methods.isEmpty && !$0.signals.isEmpty })
    }
}
