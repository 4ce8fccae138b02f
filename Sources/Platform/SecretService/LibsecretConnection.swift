// SPDX-License-Identifier: Apache-2.0

import CLibSecret
import ConcurrencyTools
import Glibc

/// A connection of GDBus of our own, and the blocking calls that are made with it: each has a `GCancellable` that an alarm
/// cancels.
///
/// It isn't the process-wide one, which a library may set to end the process when the bus goes, and which serves one
/// address for good.
struct LibsecretConnection {
    private let address: String?
    private let deadline: Duration
    /// Whom what is being done now is asked of, and when it has taken too long.
    private var (owner, end) = ("", ContinuousClock.now)
    /// Whose call last took too long, and when that was known.
    private var lastSilence: (owner: String, end: ContinuousClock.Instant)?
    private var connection: BusHandle?

    /// Nothing is opened until the first call.
    ///
    /// - Parameters:
    ///   - address: The bus's address, or nil for the session bus of the environment.
    ///   - deadline: How long something may take from the moment on when it is asked for.
    init(address: String?, deadline: Duration) {
        self.address = address
        self.deadline = deadline
    }

    /// Begins with something that may take several calls.
    ///
    /// Whoever has waited for its turn while the provider gave no answer waits for none of its own. Where that was another
    /// provider, this one has all of its time from now on.
    ///
    /// - Parameters:
    ///   - owner: The provider.
    ///   - asked: When it was asked for.
    /// - Throws: `.deadline` where it is in vain.
    mutating func begin(with owner: String, asked: ContinuousClock.Instant) throws(KeyringError) {
        let silence = lastSilence.flatMap { asked <= $0.end ? $0 : nil }
        if silence?.owner == owner { throw .deadline }
        (self.owner, end) = (owner, (silence?.end ?? asked) + deadline)
    }

    /// Opens an encrypted session with an owner of the Secret Service's name.
    ///
    /// - Throws: `.unencrypted` where it has none.
    mutating func openSession(with owner: String) throws(KeyringError) -> SessionHandle {
        let connection = try connected()
        let raw = try unsafe perform { cancellable, error in
            unsafe keybell_service_open(connection.raw, owner, cancellable, error)
        }
        let session = unsafe SessionHandle(adopting: raw, owner: owner, on: connection)
        guard session.isEncrypted else { throw .unencrypted }
        return session
    }

    /// A method call; takes over floating arguments.
    mutating func call(
        _ owner: String,
        _ path: String,
        _ interface: String,
        _ member: String,
        _ arguments: OpaquePointer?
    ) throws(KeyringError) -> VariantHandle {
        let connection = try connected()
        let raw = try unsafe perform { cancellable, error in
            unsafe g_dbus_connection_call_sync(
                connection.raw,
                owner,
                path,
                interface,
                member,
                arguments,
                nil,
                G_DBUS_CALL_FLAGS_NO_AUTO_START,
                -1,
                cancellable,
                error
            )
        }
        return unsafe VariantHandle(adopting: raw)
    }

    private mutating func connected() throws(KeyringError) -> BusHandle {
        if let connection, !connection.isClosed { return connection }
        let address = self.address
        let raw = try unsafe perform { cancellable, error in
            let found =
                unsafe address.map { unsafe g_strdup($0) }
                ?? g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SESSION, cancellable, error)
            defer { unsafe g_free(found) }
            return unsafe g_dbus_connection_new_for_address_sync(
                found,
                GDBusConnectionFlags(
                    rawValue: G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT.rawValue
                        | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION.rawValue
                ),
                nil,
                cancellable,
                error
            )
        }
        let opened = unsafe BusHandle(adopting: raw)
        connection = opened
        return opened
    }

    /// Runs one blocking call under the deadline.
    mutating func perform<Result>(
        _ body: (UnsafeMutablePointer<GCancellable>?, UnsafeMutablePointer<UnsafeMutablePointer<GError>?>) ->
            Result?
    ) throws(KeyringError) -> Result {
        let left = end - .now
        guard left > .zero else { throw .deadline }
        let cancellable = Cancellable()
        let alarm = Alarm(after: left) { cancellable.cancel() }
        defer { alarm.cancel() }
        var error: UnsafeMutablePointer<GError>?
        let result = unsafe body(cancellable.raw, &error)
        if let error = unsafe error {
            defer { unsafe g_error_free(error) }
            let failure = unsafe KeyringError(error)
            if failure == .deadline { lastSilence = (owner, .now) }
            throw failure
        }
        guard let result else { throw .notFound }
        return result
    }
}
