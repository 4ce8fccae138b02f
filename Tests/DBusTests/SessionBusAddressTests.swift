// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import DBus

struct SessionBusAddressTests {
    @Test func `the address is the environment's, else the socket in the runtime folder`() throws {
        let folder = try TemporaryFolder()
        let runtime = folder.path("ru n")
        try FileManager.default.createDirectory(atPath: runtime, withIntermediateDirectories: true)
        func address(_ variables: [String: String]) throws -> String {
            try SessionBusAddress.find(in: { variables[$0] })
        }
        #expect(throws: DBusError.self) { try address([:]) }
        #expect(throws: DBusError.self) { try address(["XDG_RUNTIME_DIR": runtime, "DISPLAY": ":0"]) }
        #expect(throws: DBusError.self) { try address(["DBUS_SESSION_BUS_ADDRESS": "autolaunch:"]) }
        #expect(FileManager.default.createFile(atPath: runtime + "/bus", contents: nil))
        #expect(try address(["XDG_RUNTIME_DIR": runtime]).hasSuffix("/ru%20n/bus"))
        let address = try address(["XDG_RUNTIME_DIR": runtime, "DBUS_SESSION_BUS_ADDRESS": "unix:path=/x"])
        #expect(address == "unix:path=/x")
    }
}
