// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How a terminal treats what is typed, as it was at some time.
struct TerminalMode: Sendable {
    private let descriptor: Int32
    private let settings: termios

    /// Reads it.
    ///
    /// - Throws: `errno` of what failed; ENOTTY for what isn't a terminal.
    init(of descriptor: Int32) throws(SystemCallError) {
        var settings = termios()
        guard unsafe tcgetattr(descriptor, &settings) == 0 else { throw .last("tcgetattr") }
        (self.descriptor, self.settings) = (descriptor, settings)
    }

    /// Has the terminal deliver each key at once, without echo, and those that make signals as bytes.
    func takeKeys() throws(SystemCallError) {
        var mode = settings
        mode.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
        guard set(&mode) else { throw .last("tcsetattr") }
    }

    /// Brings it back; what was typed but not read is thrown away.
    func restore() {
        var mode = settings
        // Nothing can be done about a terminal that has gone meanwhile.
        _ = set(&mode)
    }

    /// It waits until what was written is shown, and a signal, such as that of another size, may end that.
    private func set(_ mode: inout termios) -> Bool {
        while unsafe tcsetattr(descriptor, TCSAFLUSH, &mode) != 0 { if errno != EINTR { return false } }
        return true
    }
}
