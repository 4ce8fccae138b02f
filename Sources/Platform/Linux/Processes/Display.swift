// SPDX-License-Identifier: Apache-2.0

/// A desktop's display, on which a program can show a window.
package enum Display {
    /// The environment variables that say where one is, under X11 and Wayland.
    package static let variables = ["DISPLAY", "WAYLAND_DISPLAY"]

    /// Whether an environment has one.
    package static func isNamed(in environment: [String: String]) -> Bool {
        variables.contains { environment[$0]?.isEmpty == false }
    }
}
