// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A terminal that delivers each key at once and without echo, until this value goes.
///
/// Keys that otherwise make a signal (Ctrl-C, Ctrl-Z) come as bytes, too: a program that is ended by one could
/// not put the terminal back.
package struct KeyTerminal: ~Copyable {
    private let descriptor: Int32
    private let former: termios

    /// Changes the terminal's mode.
    ///
    /// - Throws: `errno` of what failed; ENOTTY for what isn't a terminal.
    package init(_ descriptor: Int32) throws(SystemCallError) {
        self.init(descriptor, former: try Self.takeKeys(descriptor))
    }

    private init(_ descriptor: Int32, former: termios) {
        self.descriptor = descriptor
        self.former = former
    }

    /// Changes the mode and gives back the one before.
    private static func takeKeys(_ descriptor: Int32) throws(SystemCallError) -> termios {
        var former = termios()
        guard unsafe tcgetattr(descriptor, &former) == 0 else { throw .last("tcgetattr") }
        var mode = former
        mode.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
        guard unsafe tcsetattr(descriptor, TCSAFLUSH, &mode) == 0 else { throw .last("tcsetattr") }
        return former
    }

    deinit {
        var mode = former
        // Nothing can be done about a terminal that has gone meanwhile.
        _ = unsafe tcsetattr(descriptor, TCSAFLUSH, &mode)
    }
}
