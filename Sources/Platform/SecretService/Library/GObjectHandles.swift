// SPDX-License-Identifier: Apache-2.0

import CLibSecret

/// Owns a private connection of GDBus.
@safe final class BusHandle {
    let raw: OpaquePointer

    /// Takes over the reference.
    init(adopting raw: OpaquePointer) {
        unsafe self.raw = raw
    }

    deinit {
        unsafe keybell_object_unref(UnsafeMutableRawPointer(raw))
    }

    /// Whether the bus is gone; such a connection never comes back.
    var isClosed: Bool { unsafe g_dbus_connection_is_closed(raw) != 0 }
}

/// Owns a libsecret service: an encrypted session with one owner of the bus name.
@safe final class SessionHandle {
    let raw: UnsafeMutablePointer<SecretService>
    let owner: String
    private let connection: BusHandle

    /// Takes over the reference.
    init(adopting raw: UnsafeMutablePointer<SecretService>, owner: String, on connection: BusHandle) {
        unsafe self.raw = raw
        self.owner = owner
        self.connection = connection
    }

    /// Whether its connection is still there.
    var isConnected: Bool { !connection.isClosed }

    /// Whether secrets are encrypted in it: where the provider knows nothing else, libsecret agrees on plain text.
    var isEncrypted: Bool {
        guard let algorithms = unsafe secret_service_get_session_algorithms(raw) else { return false }
        let name = unsafe String(cString: algorithms)
        return name.hasPrefix("dh-") && name.contains("-aes")
    }

    deinit {
        unsafe keybell_object_unref(raw)
    }
}

/// Owns a reply.
@safe final class VariantHandle {
    private let raw: OpaquePointer

    /// Takes over the reference.
    init(adopting raw: OpaquePointer) {
        unsafe self.raw = raw
    }

    deinit {
        unsafe g_variant_unref(raw)
    }

    /// The object paths of a reply that is two of them, else nil.
    var twoPaths: (first: String, second: String)? {
        guard unsafe String(cString: g_variant_get_type_string(raw)) == "(oo)" else { return nil }
        var first: UnsafeMutablePointer<gchar>?
        var second: UnsafeMutablePointer<gchar>?
        unsafe keybell_read_two_paths(raw, &first, &second)
        defer {
            unsafe g_free(first)
            unsafe g_free(second)
        }
        guard let first = unsafe first, let second = unsafe second else { return nil }
        return (unsafe String(cString: first), unsafe String(cString: second))
    }

    /// The prompt's path in a reply to Unlock, else nil.
    var unlockPrompt: String? {
        guard unsafe String(cString: g_variant_get_type_string(raw)) == "(aoo)" else { return nil }
        let prompt = unsafe keybell_read_unlock_prompt(raw)
        defer { unsafe g_free(prompt) }
        return unsafe prompt.map { unsafe String(cString: $0) }
    }
}

/// Ends a blocking call of GIO from another thread, which `g_cancellable_cancel` is made for.
@safe final class Cancellable: Sendable {
    /// The pointer as a number, since pointers are not Sendable.
    private let address: UInt

    init() {
        address = unsafe UInt(bitPattern: g_cancellable_new())
    }

    deinit {
        unsafe keybell_object_unref(UnsafeMutableRawPointer(bitPattern: address))
    }

    var raw: UnsafeMutablePointer<GCancellable>? { unsafe UnsafeMutablePointer(bitPattern: address) }

    /// Makes the call under way return "cancelled", or the next one if none is.
    func cancel() {
        unsafe g_cancellable_cancel(raw)
    }
}
