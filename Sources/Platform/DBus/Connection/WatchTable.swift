// SPDX-License-Identifier: Apache-2.0

import CDBus
import Dispatch
import Glibc
import Linux

/// The file descriptors that libdbus wants watched, each by one dispatch source on the connection's queue.
///
/// Used on that queue only: libdbus calls in from within calls that are made there.
@safe final class WatchTable {
    private var sources: [UInt: WatchSource] = [:]
    private let queue: DispatchQueue
    private let onReady: @Sendable (UInt) -> Void

    /// Calls `onReady` on the queue with a watch's key each time that its descriptor is ready.
    init(queue: DispatchQueue, onReady: @escaping @Sendable (UInt) -> Void) {
        self.queue = queue
        self.onReady = onReady
    }

    /// Lets libdbus use this table, which must outlive the connection's last call of it.
    func attach(to connection: OpaquePointer) -> Bool {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        return unsafe dbus_connection_set_watch_functions(
            connection,
            { watch, context in unsafe WatchTable.from(context)?.add(watch) == true ? 1 : 0 },
            { watch, context in unsafe WatchTable.from(context)?.remove(watch) },
            { watch, context in unsafe WatchTable.from(context)?.toggle(watch) },
            context,
            nil
        ) != 0
    }

    /// Takes the table back; libdbus removes every watch while it does so.
    func detach(from connection: OpaquePointer) {
        _ = unsafe dbus_connection_set_watch_functions(connection, nil, nil, nil, nil, nil)
    }

    /// Tells libdbus that a descriptor is ready, unless the watch has gone in the meantime.
    ///
    /// - Returns: Whether libdbus has left there what could be read at once.
    func handle(_ key: UInt) -> Bool {
        guard let source = sources[key], let watch = unsafe OpaquePointer(bitPattern: key) else {
            return false
        }
        let flags = source.isWriter ? DBUS_WATCH_WRITABLE : DBUS_WATCH_READABLE
        _ = unsafe dbus_watch_handle(watch, flags.rawValue)
        // It may have closed the connection, and the source with it.
        return !source.isWriter && sources[key]?.hasBytes == true
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> WatchTable? {
        unsafe context.map { unsafe Unmanaged<WatchTable>.fromOpaque($0).takeUnretainedValue() }
    }

    private func add(_ watch: OpaquePointer?) -> Bool {
        guard let watch = unsafe watch else { return false }
        let key = UInt(bitPattern: watch)
        let isWriter = unsafe dbus_watch_get_flags(watch) & DBUS_WATCH_WRITABLE.rawValue != 0
        let onReady = onReady
        guard
            let source = WatchSource(
                descriptor: unsafe dbus_watch_get_unix_fd(watch),
                isWriter: isWriter,
                queue: queue,
                onReady: { onReady(key) }
            )
        else { return false }
        source.setEnabled(unsafe dbus_watch_get_enabled(watch) != 0)
        sources[key] = source
        return true
    }

    private func remove(_ watch: OpaquePointer?) {
        guard let watch = unsafe watch else { return }
        sources.removeValue(forKey: UInt(bitPattern: watch))?.cancel()
    }

    private func toggle(_ watch: OpaquePointer?) {
        guard let watch = unsafe watch else { return }
        let isEnabled = unsafe dbus_watch_get_enabled(watch) != 0
        sources[UInt(bitPattern: watch)]?.setEnabled(isEnabled)
    }
}

/// One watched descriptor, as a dispatch source that is suspended while libdbus does not care.
final class WatchSource {
    let isWriter: Bool
    private let descriptor: Int32
    private let source: DispatchSource
    private var isEnabled = false

    /// Whether bytes have come in and libdbus wants them.
    var hasBytes: Bool {
        guard isEnabled else { return false }
        var count: Int32 = 0
        return unsafe ioctl(descriptor, UInt(FIONREAD), &count) == 0 && count > 0
    }

    /// Watches a duplicate of the descriptor, for libdbus closes its own before the source is done with it.
    init?(descriptor: Int32, isWriter: Bool, queue: DispatchQueue, onReady: @escaping @Sendable () -> Void) {
        let duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard duplicate >= 0 else { return nil }
        // No descriptor left: libdbus then says that it has no memory for the connection.
        let made = try? ReadySource.make(duplicate, for: isWriter ? .writing : .reading, queue: queue) {
            Glibc.close(duplicate)
        }
        guard let made else {
            Glibc.close(duplicate)
            return nil
        }
        self.isWriter = isWriter
        self.descriptor = duplicate
        source = made
        source.setEventHandler(handler: onReady)
    }

    func setEnabled(_ enabled: Bool) {
        guard enabled != isEnabled else { return }
        isEnabled = enabled
        if enabled { source.resume() } else { source.suspend() }
    }

    /// Ends the watch.
    ///
    /// A source may not be released while it is suspended, so it is resumed first.
    func cancel() {
        source.cancel()
        setEnabled(true)
    }
}
