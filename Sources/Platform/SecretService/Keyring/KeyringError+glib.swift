// SPDX-License-Identifier: Apache-2.0

import CGLib
import CLibSecret
import DBus

extension KeyringError {
    /// What a failed call of libsecret or GIO means to us.
    init(_ error: UnsafeMutablePointer<GError>) {
        if unsafe keybell_error_is_cancelled(error) != 0 {
            self = .deadline
            return
        }
        if let name = unsafe g_dbus_error_get_remote_error(error) {
            defer { unsafe g_free(name) }
            _ = unsafe g_dbus_error_strip_remote_error(error)
            unsafe self.init(busError: String(cString: name), message: String(cString: error.pointee.message))
            return
        }
        // libsecret strips the remote name from some errors and leaves the code.
        if unsafe error.pointee.domain == secret_error_get_quark() {
            switch unsafe UInt32(bitPattern: error.pointee.code) {
            case SECRET_ERROR_IS_LOCKED.rawValue:
                self = .locked
                return
            case SECRET_ERROR_NO_SUCH_OBJECT.rawValue:
                self = .notFound
                return
            default:
                break
            }
        }
        self = unsafe .failed(String(cString: error.pointee.message))
    }

    /// What an error of the bus or of the provider means to us.
    init(busError name: String, message: String) {
        guard !ProviderQuirks.saysSessionIsLost(message) else {
            self = .noSession
            return
        }
        switch name {
        case "org.freedesktop.Secret.Error.IsLocked":
            self = .locked
        case "org.freedesktop.Secret.Error.NoSession":
            self = .noSession
        case "org.freedesktop.Secret.Error.NoSuchObject", DBusError.Name.unknownObject,
            DBusError.Name.unknownMethod, DBusError.Name.unknownInterface:
            self = .notFound
        case DBusError.Name.serviceUnknown, DBusError.Name.nameHasNoOwner, DBusError.Name.disconnected,
            "org.freedesktop.DBus.Error.NoServer":
            self = .noProvider
        case DBusError.Name.noReply, DBusError.Name.timedOut, "org.freedesktop.DBus.Error.Timeout":
            self = .deadline
        default:
            self = .failed(message.isEmpty ? name : message)
        }
    }
}
