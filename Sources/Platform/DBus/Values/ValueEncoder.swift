// SPDX-License-Identifier: Apache-2.0

import CDBus

/// Appends checked values to a message.
///
/// The values must have passed `BodyCheck`: libdbus aborts the program over a bad one. After that only memory
/// can run out.
@safe struct ValueEncoder {
    private var iterator = unsafe DBusMessageIter()

    /// Appends a whole body to the message, which must still be empty.
    static func append(_ body: [Value], to message: OpaquePointer) throws(DBusError) {
        var encoder = ValueEncoder()
        unsafe dbus_message_iter_init_append(message, &encoder.iterator)
        for value in body {
            try encoder.append(value)
        }
    }

    private mutating func append(_ value: Value) throws(DBusError) {
        switch value {
        case .byte(let number): try append(number, TypeCode.byte)
        case .boolean(let flag): try append(UInt32(flag ? 1 : 0), TypeCode.boolean)
        case .int16(let number): try append(number, TypeCode.int16)
        case .uint16(let number): try append(number, TypeCode.uint16)
        case .int32(let number): try append(number, TypeCode.int32)
        case .uint32(let number): try append(number, TypeCode.uint32)
        case .int64(let number): try append(number, TypeCode.int64)
        case .uint64(let number): try append(number, TypeCode.uint64)
        case .double(let number): try append(number, TypeCode.double)
        case .string(let text): try append(text: text, TypeCode.string)
        case .objectPath(let path): try append(text: path.text, TypeCode.objectPath)
        case .signature(let signature): try append(text: signature.text, TypeCode.signature)
        case .descriptor(let passed): try append(passed.number, TypeCode.descriptor)  // libdbus duplicates it
        case .array(let element, let elements):
            try within(TypeCode.array, element.text) { inner throws(DBusError) in
                for item in elements { try inner.append(item) }
            }
        case .structure(let members):
            try within(TypeCode.structure, nil) { inner throws(DBusError) in
                for member in members { try inner.append(member) }
            }
        case .dictionary(let key, let content, let entries):
            try within(TypeCode.array, "{\(key)\(content)}") { inner throws(DBusError) in
                for entry in entries { try inner.append(entry) }
            }
        case .variant(let content):
            try within(TypeCode.variant, content.signature.text) { inner throws(DBusError) in
                try inner.append(content)
            }
        }
    }

    private mutating func append(_ entry: Value.Entry) throws(DBusError) {
        try within(TypeCode.entry, nil) { inner throws(DBusError) in
            try inner.append(entry.key)
            try inner.append(entry.value)
        }
    }

    private mutating func append(_ number: some BitwiseCopyable, _ code: Int32) throws(DBusError) {
        let appended = unsafe withUnsafePointer(to: number) { pointer in
            unsafe dbus_message_iter_append_basic(&iterator, code, pointer)
        }
        guard appended != 0 else { throw .noMemory }
    }

    private mutating func append(text: String, _ code: Int32) throws(DBusError) {
        let appended = unsafe text.withCString { characters in
            unsafe withUnsafePointer(to: characters) { pointer in
                unsafe dbus_message_iter_append_basic(&iterator, code, pointer)
            }
        }
        guard appended != 0 else { throw .noMemory }
    }

    private mutating func within(
        _ code: Int32,
        _ contained: String?,
        _ fill: (inout ValueEncoder) throws(DBusError) -> Void
    ) throws(DBusError) {
        var inner = ValueEncoder()
        guard unsafe dbus_message_iter_open_container(&iterator, code, contained, &inner.iterator) != 0 else {
            throw .noMemory
        }
        do throws(DBusError) {
            try fill(&inner)
        } catch {
            unsafe dbus_message_iter_abandon_container(&iterator, &inner.iterator)
            throw error
        }
        guard unsafe dbus_message_iter_close_container(&iterator, &inner.iterator) != 0 else {
            throw .noMemory
        }
    }
}
