// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// A terminal that delivers each key at once and without echo, until this value goes or a signal ends the process.
///
/// Keys that otherwise make a signal (Ctrl-C, Ctrl-Z) come as bytes, too.
package struct KeyTerminal: ~Copyable {
    private let change: Change
    private let cleanup: SignalCleanup

    /// Changes the terminal's mode.
    ///
    /// Signals that somebody listens to (`ProcessSignals`), already or later, are left to them.
    ///
    /// - Throws: `errno` of what failed; ENOTTY for what isn't a terminal.
    package init(_ descriptor: Int32) throws(SystemCallError) {
        let former = try TerminalMode(of: descriptor)
        let change = Change(former: former)
        let cleanup = SignalCleanup { change.end() }
        try change.begin()
        self.change = change
        self.cleanup = cleanup
    }

    deinit {
        change.end()
    }

    /// The mode, which a signal may have to bring back before it was changed at all: it isn't changed after that.
    final class Change: Sendable {
        private let former: TerminalMode
        private let hasEnded = Mutex(false)

        init(former: TerminalMode) { self.former = former }

        func begin() throws(SystemCallError) {
            try hasEnded.withLock { (hasEnded) throws(SystemCallError) in
                guard !hasEnded else { throw SystemCallError(call: "tcsetattr", code: EINTR) }
                try former.takeKeys()
            }
        }

        func end() {
            hasEnded.withLock { hasEnded in
                hasEnded = true
                former.restore()
            }
        }
    }
}
