// SPDX-License-Identifier: Apache-2.0

import CDBus
import Dispatch

/// Which message bus to connect to.
package enum Bus: Hashable, Sendable {
    /// The bus of the person's session.
    case session
    /// The bus of the machine.
    case system
    /// A bus at an address of D-Bus's own form, e.g. `unix:path=/run/user/1000/bus`.
    case address(String)
}

/// Owns libdbus' connection; used on one queue only.
@safe final class Link {
    let uniqueName: String
    private var raw: OpaquePointer?
    private var watches: WatchTable?

    /// Connects and says Hello, which blocks until the bus has answered.
    init(to bus: Bus) throws(DBusError) {
        let raw = try unsafe Self.open(bus)
        // libdbus would end the whole program when the bus goes.
        unsafe dbus_connection_set_exit_on_disconnect(raw, 0)
        // What is over a limit of libdbus's ends the connection, and anybody on the bus can send it. So there is no
        // limit of a message's length but D-Bus's own, which the bus keeps to: one that nobody wants is let go of as soon
        // as it is there. Of descriptors a message may have as many as the kernel passes at once; what is to come waits
        // while those that have come have more than a few.
        unsafe dbus_connection_set_max_message_unix_fds(raw, Self.mostPassedDescriptors)
        unsafe dbus_connection_set_max_received_unix_fds(raw, Self.mostHeldDescriptors)
        guard let name = unsafe dbus_bus_get_unique_name(raw) else {
            unsafe dbus_connection_close(raw)
            unsafe dbus_connection_unref(raw)
            throw .failed("The bus gave no name to this connection.")
        }
        uniqueName = unsafe String(cString: name)
        unsafe self.raw = raw
    }

    deinit {
        shutDown()
    }

    /// `SCM_MAX_FD` of the kernel's net/scm.h.
    private static let mostPassedDescriptors = 253
    private static let mostHeldDescriptors = 64

    private static func open(_ bus: Bus) throws(DBusError) -> OpaquePointer {
        var failure = unsafe CDBus.DBusError()
        unsafe dbus_error_init(&failure)
        defer { unsafe dbus_error_free(&failure) }
        let raw =
            switch bus {
            case .session: try unsafe open(address: SessionBusAddress.find(), &failure)
            case .system: unsafe dbus_bus_get_private(DBUS_BUS_SYSTEM, &failure)
            case .address(let address): try unsafe open(address: address, &failure)
            }
        guard let raw = unsafe raw else { throw unsafe DBusError(failure) }
        return unsafe raw
    }

    private static func open(
        address: String,
        _ failure: inout CDBus.DBusError
    ) throws(DBusError) -> OpaquePointer? {
        guard !address.utf8.contains(0) else { throw .invalidArgs("The bus address has a NUL in it.") }
        guard let raw = unsafe dbus_connection_open_private(address, &failure) else { return nil }
        unsafe dbus_connection_set_exit_on_disconnect(raw, 0)
        guard unsafe dbus_bus_register(raw, &failure) != 0 else {
            unsafe dbus_connection_close(raw)
            unsafe dbus_connection_unref(raw)
            return nil
        }
        return unsafe raw
    }

    var isConnected: Bool {
        guard let raw = unsafe raw else { return false }
        return unsafe dbus_connection_get_is_connected(raw) != 0
    }

    /// Whether messages wait to be popped.
    var hasMessages: Bool {
        guard let raw = unsafe raw else { return false }
        return unsafe dbus_connection_get_dispatch_status(raw) == DBUS_DISPATCH_DATA_REMAINS
    }

    /// Starts to watch the connection; `onReady` is to call `handle` on the queue.
    func watch(on queue: DispatchQueue, onReady: @escaping @Sendable (UInt) -> Void) -> Bool {
        guard let raw = unsafe raw else { return false }
        let table = WatchTable(queue: queue, onReady: onReady)
        watches = table
        return unsafe table.attach(to: raw)
    }

    /// Has libdbus read or write what a ready descriptor lets it.
    ///
    /// It reads 2 KiB at a time, so a long message is read on here as far as it has come: a round of the queue for each
    /// piece takes several times as long as the piece.
    func handle(_ key: UInt) {
        for _ in 0..<Self.mostReads {
            guard watches?.handle(key) == true, !hasMessages else { return }
        }
    }

    /// As much as a socket holds, about, so that everything else on the queue has its turn soon.
    private static let mostReads = 128

    /// Queues a message and returns the serial that its reply will name.
    func send(_ message: borrowing RawMessage) throws(DBusError) -> UInt32 {
        guard isConnected, let raw = unsafe raw else { throw .disconnected }
        var serial: UInt32 = 0
        guard unsafe dbus_connection_send(raw, message.raw, &serial) != 0 else { throw .noMemory }
        return serial
    }

    /// The next message that has come in.
    func pop() -> RawMessage? {
        guard let raw = unsafe raw, let message = unsafe dbus_connection_pop_message(raw) else { return nil }
        return unsafe RawMessage(adopting: message)
    }

    /// Writes out what is queued as far as the bus takes it, closes and lets go.
    func shutDown() {
        guard let raw = unsafe raw else { return }
        unsafe self.raw = nil
        unsafe watches?.detach(from: raw)
        watches = nil
        unsafe dbus_connection_close(raw)
        while let message = unsafe dbus_connection_pop_message(raw) { unsafe dbus_message_unref(message) }
        unsafe dbus_connection_unref(raw)
    }
}

extension DBusError {
    /// Copies what libdbus reports; the caller still frees it.
    init(_ failure: CDBus.DBusError) {
        self.init(
            name: unsafe failure.name.map { unsafe String(cString: $0) } ?? Name.failed,
            message: unsafe failure.message.map { unsafe String(cString: $0) } ?? ""
        )
    }
}
