// SPDX-License-Identifier: Apache-2.0

/// One value of D-Bus's type system.
///
/// An array and a dictionary carry their types, so an empty one still has a signature.
package enum Value: Hashable, Sendable {
    /// `y`.
    case byte(UInt8)
    /// `b`.
    case boolean(Bool)
    /// `n`.
    case int16(Int16)
    /// `q`.
    case uint16(UInt16)
    /// `i`.
    case int32(Int32)
    /// `u`.
    case uint32(UInt32)
    /// `x`.
    case int64(Int64)
    /// `t`.
    case uint64(UInt64)
    /// `d`.
    case double(Double)
    /// `s`. One with a NUL in it is refused when it is sent, as D-Bus cannot carry it.
    case string(String)
    /// `o`.
    case objectPath(ObjectPath)
    /// `g`.
    case signature(Signature)
    /// `h`. libdbus duplicates one that is sent.
    case descriptor(PassedDescriptor)
    /// `a` and the element's type, then the elements.
    case array(Signature, [Value])
    /// `(…)`, never empty.
    case structure([Value])
    /// `a{…}`, entries in the order in which they travel.
    case dictionary(key: Signature, value: Signature, [Entry])
    /// `v`.
    indirect case variant(Value)

    /// One entry of a dictionary.
    package struct Entry: Hashable, Sendable {
        /// The entry's key, of a basic type.
        package let key: Value
        /// What the key stands for.
        package let value: Value

        /// Pairs a key with its value.
        package init(key: Value, value: Value) {
            self.key = key
            self.value = value
        }
    }

    /// The value's type, one complete type.
    package var signature: Signature {
        Signature(unchecked: signatureText)
    }

    private var signatureText: String {
        switch self {
        case .byte: "y"
        case .boolean: "b"
        case .int16: "n"
        case .uint16: "q"
        case .int32: "i"
        case .uint32: "u"
        case .int64: "x"
        case .uint64: "t"
        case .double: "d"
        case .string: "s"
        case .objectPath: "o"
        case .signature: "g"
        case .descriptor: "h"
        case .array(let element, _): "a\(element)"
        case .structure(let members): "(\(members.map(\.signatureText).joined()))"
        case .dictionary(let key, let value, _): "a{\(key)\(value)}"
        case .variant: "v"
        }
    }
}
