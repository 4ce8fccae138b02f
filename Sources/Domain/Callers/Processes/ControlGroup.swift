// SPDX-License-Identifier: Apache-2.0

/// The path of a process in the hierarchy of control groups, whose parts are the units that started it.
struct ControlGroup: Equatable {
    private let units: [String]

    /// Takes a path such as `/user.slice/…/app.slice/app-gnome-firefox-4242.scope`.
    init(_ path: String) {
        units = path.split(separator: "/").map(String.init)
    }

    /// The innermost `app-….scope` or `app-….service`.
    var applicationUnit: String? {
        units.last { $0.hasPrefix("app-") && ($0.hasSuffix(".scope") || $0.hasSuffix(".service")) }
    }

    /// The id of the Flatpak application, from `app-flatpak-ID-NUMBER.scope`.
    var flatpak: String? {
        for unit in units.reversed() {
            guard let rest = Self.cut(unit, prefix: "app-flatpak-", suffix: ".scope"),
                let dash = rest.lastIndex(of: "-"), dash > rest.startIndex
            else { continue }
            return Self.unescaped(rest[..<dash])
        }
        return nil
    }

    /// The name of the Snap, from `snap.NAME.APP.….scope` or `.service`.
    var snap: String? {
        for unit in units.reversed() {
            let rest =
                Self.cut(unit, prefix: "snap.", suffix: ".scope")
                ?? Self.cut(unit, prefix: "snap.", suffix: ".service")
            guard let name = rest?.prefix(while: { $0 != "." }), !name.isEmpty else { continue }
            return Self.unescaped(name)
        }
        return nil
    }

    private static func cut(_ unit: String, prefix: String, suffix: String) -> Substring? {
        guard unit.hasPrefix(prefix), unit.hasSuffix(suffix), unit.count > prefix.count + suffix.count else {
            return nil
        }
        return unit.dropFirst(prefix.count).dropLast(suffix.count)
    }

    /// Turns systemd's `\x2d` back into the byte it stands for.
    private static func unescaped(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "x"),
                let value = UInt8(String(decoding: rest.dropFirst().prefix(2), as: UTF8.self), radix: 16)
            else {
                bytes.append(byte)
                continue
            }
            bytes.append(value)
            rest = rest.dropFirst(3)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
