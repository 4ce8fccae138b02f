// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A folder of a test's own, removed with everything in it when the test lets go of it.
package final class TemporaryFolder: Sendable {
    /// The folder's absolute path, short enough for a socket in it.
    package let path: String

    /// Makes an empty folder that only this user can enter.
    package init() throws {
        let name = "keybell-" + UUID().uuidString.prefix(8).lowercased()
        path = FileManager.default.temporaryDirectory.appendingPathComponent(name).path
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }

    deinit {
        // Left for the system to clear if a child still writes there.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of something in the folder.
    package func path(_ name: String) -> String {
        path + "/" + name
    }

    /// Makes a folder in this one, open to this user only, and returns its path.
    @discardableResult
    package func makeFolder(_ name: String) throws -> String {
        try FileManager.default.createDirectory(
            atPath: path(name),
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        return path(name)
    }

    /// Writes a file into the folder and returns its path.
    @discardableResult
    package func write(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path(name)))
        return path(name)
    }
}
