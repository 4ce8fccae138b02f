// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A program that a test needs isn't installed: the test fails and says so, it is never skipped.
package struct MissingProgram: Error, CustomStringConvertible {
    package let description: String

    /// Looks for a program.
    ///
    /// - Parameters:
    ///   - path: where it is on Debian.
    ///   - package: the Debian package that brings it.
    /// - Throws: Itself, where it isn't there.
    package static func check(_ path: String, debian package: String) throws {
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw MissingProgram(
                description: "\(path) is missing: `make test-packages`, or apt-get install \(package)"
            )
        }
    }
}
