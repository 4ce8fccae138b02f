// SPDX-License-Identifier: Apache-2.0

import UnicodeText

extension Value {
    /// The text of an `s`; nil for any other type.
    package var asString: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The path of an `o`; nil for any other type.
    package var asObjectPath: ObjectPath? {
        guard case .objectPath(let path) = self else { return nil }
        return path
    }

    /// The number of a `u`; nil for any other type.
    package var asUInt32: UInt32? {
        guard case .uint32(let number) = self else { return nil }
        return number
    }

    /// The number of a `t`; nil for any other type.
    package var asUInt64: UInt64? {
        guard case .uint64(let number) = self else { return nil }
        return number
    }

    /// The truth of a `b`; nil for any other type.
    package var asBool: Bool? {
        guard case .boolean(let flag) = self else { return nil }
        return flag
    }

    /// The file descriptor of an `h`; nil for any other type.
    package var asDescriptor: PassedDescriptor? {
        guard case .descriptor(let descriptor) = self else { return nil }
        return descriptor
    }

    /// An array's elements; nil for any other type, a dictionary among them.
    package var asArray: [Value]? {
        guard case .array(_, let elements) = self else { return nil }
        return elements
    }

    /// The members of a structure; nil for any other type.
    package var asStructure: [Value]? {
        guard case .structure(let members) = self else { return nil }
        return members
    }

    /// The texts of an `as`; nil for any other type.
    package var asStrings: [String]? {
        guard case .array("s", let elements) = self else { return nil }
        return elements.compactMap(\.asString)
    }

    /// A dictionary by its keys, the last of two equal ones winning; nil for any other type.
    package var asDict: [Value: Value]? {
        guard case .dictionary(_, _, let entries) = self else { return nil }
        return Dictionary(entries.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    }

    /// What a `v` holds, or the value itself if it isn't one.
    package var opened: Value {
        guard case .variant(let content) = self else { return self }
        return content
    }

    /// The members of an `a{sv}`, variants opened; nil for any other type.
    ///
    /// A name that is longer than any member's is cut, so that it costs nothing to look at and still matches none.
    package var vardict: [String: Value]? {
        guard case .dictionary("s", "v", let entries) = self else { return nil }
        return Dictionary(
            entries.compactMap { entry in
                entry.key.asString.map { ($0.cut(toBytes: ByteKey.longest), entry.value.opened) }
            },
            uniquingKeysWith: { $1 }
        )
    }

    /// Makes an `a{sv}`, keys sorted so that equal contents are equal values.
    package static func vardict(_ members: [String: Value]) -> Value {
        let entries = members.sorted { $0.key < $1.key }
        return .dictionary(
            key: "s",
            value: "v",
            entries.map { Entry(key: .string($0.key), value: .variant($0.value)) }
        )
    }

    /// Makes an `as`.
    package static func strings(_ texts: some Sequence<String>) -> Value {
        .array("s", texts.map { .string($0) })
    }

    /// Makes an `a{ss}`, keys sorted.
    package static func stringDict(_ members: [String: String]) -> Value {
        let entries = members.sorted { $0.key < $1.key }
        return .dictionary(
            key: "s",
            value: "s",
            entries.map { Entry(key: .string($0.key), value: .string($0.value)) }
        )
    }
}
