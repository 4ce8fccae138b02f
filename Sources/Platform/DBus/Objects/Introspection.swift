// SPDX-License-Identifier: Apache-2.0

/// Writes an object's introspection from its description.
enum Introspection {
    private static let doctype = """
        <!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"
         "http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">

        """

    /// The XML of a node with these interfaces and these children.
    static func xml(interfaces: [ExportedInterface], children: [String]) -> String {
        var lines = ["<node>"]
        for interface in interfaces {
            lines.append("  <interface name=\"\(interface.name)\">")
            for method in interface.methods {
                lines += element("method", method.name) {
                    arguments(method.input, direction: "in") + arguments(method.output, direction: "out")
                }
            }
            for signal in interface.signals {
                lines += element("signal", signal.name) { arguments(signal.arguments, direction: nil) }
            }
            for property in interface.properties {
                let type = property.signature
                lines.append("    <property name=\"\(property.name)\" type=\"\(type)\" access=\"read\"/>")
            }
            lines.append("  </interface>")
        }
        lines += children.map { "  <node name=\"\($0)\"/>" }
        lines.append("</node>")
        return doctype + lines.joined(separator: "\n") + "\n"
    }

    private static func element(_ kind: String, _ name: String, _ content: () -> [String]) -> [String] {
        let content = content()
        guard !content.isEmpty else { return ["    <\(kind) name=\"\(name)\"/>"] }
        return ["    <\(kind) name=\"\(name)\">"] + content + ["    </\(kind)>"]
    }

    private static func arguments(_ arguments: [Argument], direction: String?) -> [String] {
        let way = direction.map { " direction=\"\($0)\"" } ?? ""
        return arguments.map { "      <arg name=\"\($0.name)\" type=\"\($0.signature)\"\(way)/>" }
    }
}
