// SPDX-License-Identifier: Apache-2.0

import CDBus
import Glibc
import UnicodeText

/// Reads a received message's body.
///
/// libdbus has checked the message's form before handing it over: lengths, UTF-8, nesting of at most 64. What is left
/// to limit is how large a small message may become as Swift values.
@safe struct ValueDecoder {
    /// The most that one message may hold.
    struct Budget {
        var values: Int
        /// Of text.
        var bytes: Int
        var descriptors: Int
        /// How many bytes in memory all of it may take, about.
        var memory = Int.max

        /// For the answers and signals of those that we ask, such as a keyring with all of its items.
        static let answer = Budget(values: 1 << 20, bytes: BodyCheck.largestBody, descriptors: 16)

        /// For calls, which anybody on the bus can make: room for ten thousand entries by their uuids, as far as there is
        /// memory for it.
        static func call(within memory: Int) -> Budget {
            Budget(values: 20_000, bytes: 1 << 20, descriptors: 1, memory: memory)
        }

        /// Each is taken before what it is for is read, so that what doesn't fit costs next to nothing.
        mutating func takeValue() throws(DBusError) {
            (values, memory) = (values - 1, memory - 2 * MemoryLayout<Value>.stride)
            try check(values, "The message holds too many values.")
        }

        mutating func takeText(_ length: Int) throws(DBusError) {
            (bytes, memory) = (bytes - length, memory - length)
            try check(bytes, "The message holds too much text.")
        }

        /// A descriptor, of which there are few, counts as much memory.
        mutating func takeDescriptor() throws(DBusError) {
            (descriptors, memory) = (descriptors - 1, memory - (64 << 10))
            try check(descriptors, "The message holds too many file descriptors.")
        }

        private func check(_ left: Int, _ trouble: String) throws(DBusError) {
            guard left >= 0 else { throw .limitsExceeded(trouble) }
            guard memory >= 0 else { throw .limitsExceeded("The message takes too much memory.") }
        }
    }

    private var iterator = unsafe DBusMessageIter()
    private var budget: Budget

    private init(budget: Budget) {
        self.budget = budget
    }

    /// The message's arguments in order.
    ///
    /// - Parameters:
    ///   - message: The message.
    ///   - budget: What it may hold; afterwards what of that is left.
    /// - Returns: The arguments.
    /// - Throws: `limitsExceeded` where there is more, or why they can't be read.
    static func body(of message: OpaquePointer, within budget: inout Budget) throws(DBusError) -> [Value] {
        var decoder = ValueDecoder(budget: budget)
        guard unsafe dbus_message_iter_init(message, &decoder.iterator) != 0 else { return [] }
        defer { budget = decoder.budget }
        return try decoder.rest()
    }

    /// All values from here to the end of this container.
    private mutating func rest() throws(DBusError) -> [Value] {
        var values: [Value] = []
        while unsafe dbus_message_iter_get_arg_type(&iterator) != TypeCode.end {
            values.append(try value())
            _ = unsafe dbus_message_iter_next(&iterator)
        }
        return values
    }

    private mutating func value() throws(DBusError) -> Value {
        try budget.takeValue()
        switch unsafe dbus_message_iter_get_arg_type(&iterator) {
        case TypeCode.byte: return .byte(basic(0))
        case TypeCode.boolean: return .boolean(basic(UInt32(0)) != 0)
        case TypeCode.int16: return .int16(basic(0))
        case TypeCode.uint16: return .uint16(basic(0))
        case TypeCode.int32: return .int32(basic(0))
        case TypeCode.uint32: return .uint32(basic(0))
        case TypeCode.int64: return .int64(basic(0))
        case TypeCode.uint64: return .uint64(basic(0))
        case TypeCode.double: return .double(basic(0))
        case TypeCode.string: return .string(try text())
        case TypeCode.objectPath:
            guard let path = ObjectPath(try text()) else {
                throw .invalidArgs("An object path is not valid.")
            }
            return .objectPath(path)
        case TypeCode.signature:
            guard let signature = Signature(try text()) else {
                throw .invalidArgs("A signature is not valid.")
            }
            return .signature(signature)
        case TypeCode.descriptor:
            try budget.takeDescriptor()
            let number: Int32 = basic(-1)
            guard number >= 0 else { throw .limitsExceeded("There is no room for a file descriptor.") }
            return .descriptor(PassedDescriptor(adopting: number))
        case TypeCode.array: return try array()
        case TypeCode.structure: return .structure(try contents())
        case TypeCode.variant:
            guard let content = try contents().first else { throw .invalidArgs("A variant is empty.") }
            return .variant(content)
        default: throw .invalidArgs("The message has a type that isn't served here.")
        }
    }

    private mutating func array() throws(DBusError) -> Value {
        let type = currentSignature()
        guard unsafe dbus_message_iter_get_element_type(&iterator) == TypeCode.entry else {
            return .array(Signature(unchecked: String(type.dropFirst())), try contents())
        }
        // a{kv…}: the key is one letter.
        let inner = type.dropFirst(2).dropLast()
        let key = Signature(unchecked: String(inner.prefix(1)))
        let content = Signature(unchecked: String(inner.dropFirst()))
        return .dictionary(key: key, value: content, try entries())
    }

    /// Goes into the container that the iterator stands on and reads all of it.
    private mutating func contents() throws(DBusError) -> [Value] {
        var inner = descend()
        defer { budget = inner.budget }
        return try inner.rest()
    }

    private mutating func entries() throws(DBusError) -> [Value.Entry] {
        var inner = descend()
        defer { budget = inner.budget }
        var entries: [Value.Entry] = []
        while unsafe dbus_message_iter_get_arg_type(&inner.iterator) == TypeCode.entry {
            let pair = try inner.contents()
            guard pair.count == 2 else { throw .invalidArgs("A dictionary entry is not a pair.") }
            entries.append(Value.Entry(key: pair[0], value: pair[1]))
            _ = unsafe dbus_message_iter_next(&inner.iterator)
        }
        return entries
    }

    private mutating func descend() -> ValueDecoder {
        var inner = ValueDecoder(budget: budget)
        unsafe dbus_message_iter_recurse(&iterator, &inner.iterator)
        return inner
    }

    /// Reads a fixed-size value; the caller has just seen that the type has this size.
    private mutating func basic<Number: BitwiseCopyable>(_ empty: Number) -> Number {
        var number = empty
        unsafe withUnsafeMutablePointer(to: &number) { pointer in
            unsafe dbus_message_iter_get_basic(&iterator, pointer)
        }
        return number
    }

    private mutating func text() throws(DBusError) -> String {
        var characters: UnsafePointer<CChar>? = nil
        unsafe withUnsafeMutablePointer(to: &characters) { pointer in
            unsafe dbus_message_iter_get_basic(&iterator, pointer)
        }
        guard let characters = unsafe characters else { return "" }
        try budget.takeText(unsafe strlen(characters))
        return unsafe String(cString: characters).streamSafe
    }

    private mutating func currentSignature() -> String {
        guard let characters = unsafe dbus_message_iter_get_signature(&iterator) else { return "" }
        defer { unsafe dbus_free(characters) }
        return unsafe String(cString: characters)
    }
}
