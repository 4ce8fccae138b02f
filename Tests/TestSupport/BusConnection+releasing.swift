// SPDX-License-Identifier: Apache-2.0

package import DBus

extension BusConnection {
    /// Gives a well-known name back, as a program does that makes room for another.
    package func releaseName(_ name: String) async throws {
        let bus = "org.freedesktop.DBus"
        _ = try await call(bus, "/org/freedesktop/DBus", bus, "ReleaseName", [.string(name)])
    }
}
