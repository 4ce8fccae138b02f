// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A terminal that hands over each key at once and shows none, until this value goes.
///
/// Keys that otherwise make a signal (Ctrl-C, Ctrl-Z) come as bytes, too: a program that is ended by one could
/// not put the terminal back.
package struct KeyTerminal: ~Copyable {
    private let descriptor: Int32
    private let former: termios

    /// Whether a file descriptor is a terminal.
    package static func isTerminal(_ descriptor: Int32) -> Bool {
        isatty(descriptor) == 1
    }

    /// Changes the terminal's mode.
    ///
    /// - Throws: `errno` of what failed; ENOTTY for what is none.
    package init(_ descriptor: Int32) throws(KernelError) {
        var mode = termios()
        guard unsafe tcgetattr(descriptor, &mode) == 0 else { throw .last("tcgetattr") }
        self.descriptor = descriptor
        former = mode
        mode.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
        guard unsafe tcsetattr(descriptor, TCSAFLUSH, &mode) == 0 else { throw .last("tcsetattr") }
    }

    deinit {
        var mode = former
        // Nothing can be done about a terminal that has gone meanwhile.
        _ = unsafe tcsetattr(descriptor, TCSAFLUSH, &mode)
    }
}
