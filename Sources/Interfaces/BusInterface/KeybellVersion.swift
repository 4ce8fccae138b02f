// SPDX-License-Identifier: Apache-2.0

/// The version of the daemon and of the command line, which belong together.
package enum KeybellVersion {
    /// As `--version` prints it.
    package static let text = "0.1.0"
}
