// SPDX-License-Identifier: Apache-2.0

import CDBus
import DisplayText
import UnicodeText

/// Owns one reference to a libdbus message.
@safe struct RawMessage: ~Copyable {
    let raw: OpaquePointer

    /// Takes over the caller's reference.
    init(adopting raw: OpaquePointer) {
        unsafe self.raw = raw
    }

    deinit {
        unsafe dbus_message_unref(raw)
    }

    /// What a message is for.
    enum Kind: Equatable {
        case methodCall, methodReturn, error, signal, unknown
    }

    var kind: Kind {
        switch unsafe dbus_message_get_type(raw) {
        case DBUS_MESSAGE_TYPE_METHOD_CALL: .methodCall
        case DBUS_MESSAGE_TYPE_METHOD_RETURN: .methodReturn
        case DBUS_MESSAGE_TYPE_ERROR: .error
        case DBUS_MESSAGE_TYPE_SIGNAL: .signal
        default: .unknown
        }
    }

    var sender: String? { unsafe text(dbus_message_get_sender(raw)) }
    var path: ObjectPath? { unsafe text(dbus_message_get_path(raw)).flatMap { ObjectPath($0) } }
    var interface: String? { unsafe text(dbus_message_get_interface(raw)) }
    var member: String? { unsafe text(dbus_message_get_member(raw)) }
    var errorName: String? { unsafe text(dbus_message_get_error_name(raw)) }
    var signature: String { unsafe text(dbus_message_get_signature(raw)) ?? "" }
    var serial: UInt32 { unsafe dbus_message_get_serial(raw) }
    var replySerial: UInt32 { unsafe dbus_message_get_reply_serial(raw) }
    var wantsReply: Bool { unsafe dbus_message_get_no_reply(raw) == 0 }

    /// Reads the arguments of an answer or a signal.
    func body() throws(DBusError) -> [Value] {
        var budget = ValueDecoder.Budget.answer
        return try body(within: &budget)
    }

    /// Reads the arguments; of the budget is left afterwards what they don't take.
    func body(within budget: inout ValueDecoder.Budget) throws(DBusError) -> [Value] {
        try unsafe ValueDecoder.body(of: raw, within: &budget)
    }

    private func text(_ characters: UnsafePointer<CChar>?) -> String? {
        unsafe characters.map { unsafe String(cString: $0).streamSafe }
    }
}

// Building. Every name is checked here, for libdbus aborts the program over a bad one.
extension RawMessage {
    static func methodCall(
        _ destination: String,
        _ path: ObjectPath,
        _ interface: String,
        _ member: String,
        _ body: [Value]
    ) throws(DBusError) -> RawMessage {
        guard let name = BusName(destination), NameRules.isInterface(interface), NameRules.isMember(member)
        else { throw .invalidArgs("\(destination) \(interface).\(member) can't be called by that name.") }
        guard let raw = unsafe dbus_message_new_method_call(name.text, path.text, interface, member) else {
            throw .noMemory
        }
        let message = unsafe RawMessage(adopting: raw)
        try message.append(body)
        return message
    }

    static func signal(
        _ path: ObjectPath,
        _ interface: String,
        _ member: String,
        _ body: [Value]
    ) throws(DBusError) -> RawMessage {
        guard NameRules.isInterface(interface), NameRules.isMember(member) else {
            throw .invalidArgs("\(interface).\(member) is no name for a signal.")
        }
        guard let raw = unsafe dbus_message_new_signal(path.text, interface, member) else { throw .noMemory }
        let message = unsafe RawMessage(adopting: raw)
        try message.append(body)
        return message
    }

    /// The longest text of an error, in characters.
    static let longestError = 2048

    /// A reply is addressed by name and serial, so that the call itself need not be kept until it is made.
    static func reply(to caller: String, serial: UInt32, _ body: [Value]) throws(DBusError) -> RawMessage {
        let message = try answer(DBUS_MESSAGE_TYPE_METHOD_RETURN, to: caller, serial: serial)
        try message.append(body)
        return message
    }

    static func failure(
        to caller: String,
        serial: UInt32,
        _ error: DBusError
    ) throws(DBusError) -> RawMessage {
        let message = try answer(DBUS_MESSAGE_TYPE_ERROR, to: caller, serial: serial)
        let name = NameRules.isErrorName(error.name) ? error.name : DBusError.Name.failed
        guard unsafe dbus_message_set_error_name(message.raw, name) != 0 else { throw .noMemory }
        // An error is always sent, even if its text quotes what can't be sent, or more of a caller's text than anybody
        // reads.
        let text = error.message.unicodeScalars.prefix(longestError + 1).map {
            $0.value == 0 ? "\u{FFFD}" : Character($0)
        }
        try message.append([.string(PlainText.field(String(text), limit: longestError))])
        return message
    }

    private static func answer(
        _ kind: Int32,
        to caller: String,
        serial: UInt32
    ) throws(DBusError) -> RawMessage {
        guard let name = BusName(caller) else { throw .invalidArgs("\(caller) is no bus name.") }
        guard let raw = unsafe dbus_message_new(kind) else { throw .noMemory }
        let message = unsafe RawMessage(adopting: raw)
        guard unsafe dbus_message_set_destination(message.raw, name.text) != 0,
            unsafe dbus_message_set_reply_serial(message.raw, serial) != 0
        else { throw .noMemory }
        unsafe dbus_message_set_no_reply(message.raw, 1)
        return message
    }

    private borrowing func append(_ body: [Value]) throws(DBusError) {
        try BodyCheck.check(body)
        try unsafe ValueEncoder.append(body, to: raw)
    }

    borrowing func expectNoReply() {
        unsafe dbus_message_set_no_reply(raw, 1)
    }

    borrowing func forbidAutoStart() {
        unsafe dbus_message_set_auto_start(raw, 0)
    }

    borrowing func allowInteraction() {
        unsafe dbus_message_set_allow_interactive_authorization(raw, 1)
    }

    borrowing func address(to destination: String) throws(DBusError) {
        guard let name = BusName(destination) else {
            throw .invalidArgs("\(destination) is no bus name.")
        }
        guard unsafe dbus_message_set_destination(raw, name.text) != 0 else { throw .noMemory }
    }
}
