// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A terminal that delivers each key at once and without echo, until this value goes or a signal ends the process.
///
/// Keys that otherwise make a signal (Ctrl-C, Ctrl-Z) come as bytes, too.
package struct KeyTerminal: ~Copyable {
    private let former: TerminalMode
    private let cleanup: SignalCleanup

    /// Changes the terminal's mode.
    ///
    /// Signals that somebody listens to already (`TerminationSignals`) are left to them.
    ///
    /// - Throws: `errno` of what failed; ENOTTY for what isn't a terminal.
    package init(_ descriptor: Int32) throws(SystemCallError) {
        let former = try TerminalMode(of: descriptor)
        let cleanup = SignalCleanup { former.restore() }
        try former.takeKeys()
        self.former = former
        self.cleanup = cleanup
    }

    deinit {
        former.restore()
    }
}
