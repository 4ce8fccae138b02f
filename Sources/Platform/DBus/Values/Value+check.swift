// SPDX-License-Identifier: Apache-2.0

/// Whether values may be handed to libdbus.
///
/// libdbus takes a bad argument for a bug in the program and aborts it, so everything that it would object to is found
/// here first, and becomes an error.
struct BodyCheck {
    /// D-Bus allows 64 MiB for an array and 128 MiB for a message; nothing of ours comes near a quarter of it.
    static let largestBody = 16 << 20
    /// D-Bus's own limits on nesting.
    private static let deepestArray = 32
    private static let deepestStructure = 32
    private static let deepestValue = 64

    private var size = 0

    /// Throws `InvalidArgs` or `LimitsExceeded` for a body that cannot be sent.
    static func check(_ body: [Value]) throws(DBusError) {
        var check = BodyCheck()
        for value in body {
            try check.visit(value, arrays: 0, structures: 0, depth: 0)
        }
        guard Signature(Signature(of: body).text) != nil else {
            throw .invalidArgs("The arguments' signature is not a valid one.")
        }
    }

    private mutating func visit(
        _ value: Value,
        arrays: Int,
        structures: Int,
        depth: Int
    ) throws(DBusError) {
        guard arrays <= Self.deepestArray, structures <= Self.deepestStructure, depth <= Self.deepestValue
        else { throw .limitsExceeded("A value is nested too deep.") }
        // Eight bytes is the most that any fixed type, a length or padding takes.
        size += 8
        switch value {
        case .string(let text):
            guard !text.utf8.contains(0) else { throw .invalidArgs("A string has a NUL character in it.") }
            size += text.utf8.count
        case .objectPath(let path):
            size += path.text.utf8.count
        case .array(let element, let elements):
            guard element.isSingle else { throw .invalidArgs("An array's type is not one type.") }
            for item in elements {
                guard item.signature == element else { throw .invalidArgs("An array has mixed types.") }
                try visit(item, arrays: arrays + 1, structures: structures, depth: depth + 1)
            }
        case .structure(let members):
            guard !members.isEmpty else { throw .invalidArgs("A structure is empty.") }
            for member in members {
                try visit(member, arrays: arrays, structures: structures + 1, depth: depth + 1)
            }
        case .dictionary(let key, let content, let entries):
            guard key.isBasic, content.isSingle else { throw .invalidArgs("A dictionary's type is wrong.") }
            for entry in entries {
                guard entry.key.signature == key, entry.value.signature == content else {
                    throw .invalidArgs("A dictionary has mixed types.")
                }
                try visit(entry.key, arrays: arrays + 1, structures: structures + 1, depth: depth + 2)
                try visit(entry.value, arrays: arrays + 1, structures: structures + 1, depth: depth + 2)
            }
        case .variant(let content):
            guard content.signature.isSingle else {
                throw .invalidArgs("A variant's content has no valid type.")
            }
            try visit(content, arrays: 0, structures: 0, depth: depth + 1)
        default:
            break
        }
        guard size <= Self.largestBody else { throw .limitsExceeded("The message is too large.") }
    }
}
