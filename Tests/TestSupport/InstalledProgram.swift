// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Programs that a test would run, and that a computer need not have.
package enum InstalledProgram {
    /// Whether there is one of this name in PATH.
    package static func isThere(_ name: String) -> Bool {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return path.split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
        }
    }
}
