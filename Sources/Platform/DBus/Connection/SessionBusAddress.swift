// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where the bus of the person's session is, as its environment names it.
enum SessionBusAddress {
    /// `DBUS_SESSION_BUS_ADDRESS`, else the socket `bus` in `XDG_RUNTIME_DIR`.
    ///
    /// Left to itself libdbus would start a bus of its own by `dbus-launch` where there is none: one that nobody of the
    /// session is on, and that stays when we have gone.
    static func find() throws(DBusError) -> String {
        try find(in: Self.variable)
    }

    private static func variable(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// The same in an environment.
    static func find(in environment: (String) -> String?) throws(DBusError) -> String {
        func variable(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }
        if let address = variable("DBUS_SESSION_BUS_ADDRESS"), !address.hasPrefix("autolaunch:") {
            return address
        }
        guard let folder = variable("XDG_RUNTIME_DIR"), folder.hasPrefix("/"),
            unsafe access(folder + "/bus", R_OK | W_OK) == 0
        else {
            throw DBusError(
                name: "org.freedesktop.DBus.Error.NoServer",
                message: "DBUS_SESSION_BUS_ADDRESS is not set, and XDG_RUNTIME_DIR has no bus in it"
            )
        }
        return "unix:path=" + folder.utf8.map(escaped).joined() + "/bus"
    }

    /// A byte as it stands in a bus address.
    private static func escaped(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "/"),
            UInt8(ascii: "."):
            String(UnicodeScalar(byte))
        default:
            "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }
}
