// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Linux

struct KeyTerminalTests {
    /// A terminal, with its other end.
    private func terminal() throws -> (controller: Int32, device: Int32) {
        let controller = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        try #require(controller >= 0)
        var (lock, number): (Int32, Int32) = (0, -1)
        // TIOCSPTLCK and TIOCGPTN of ioctl_tty(2).
        try #require(unsafe ioctl(controller, 0x4004_5431, &lock) == 0)
        try #require(unsafe ioctl(controller, 0x8004_5430, &number) == 0)
        let device = unsafe open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        try #require(device >= 0)
        return (controller, device)
    }

    private func echoes(_ device: Int32) -> Bool {
        var mode = termios()
        return unsafe tcgetattr(device, &mode) == 0 && mode.c_lflag & tcflag_t(ECHO) != 0
    }

    @Test func `a terminal has no echo until its value goes`() throws {
        let (controller, device) = try terminal()
        defer {
            close(controller)
            close(device)
        }
        do {
            let keys = try KeyTerminal(device)
            #expect(!echoes(device))
            withExtendedLifetime(keys) {}
        }
        #expect(echoes(device))
    }

    @Test func `a signal that comes before the terminal is changed leaves it as it is`() throws {
        let (controller, device) = try terminal()
        defer {
            close(controller)
            close(device)
        }
        let change = KeyTerminal.Change(former: try TerminalMode(of: device))
        change.end()
        #expect(throws: SystemCallError.self) { try change.begin() }
        #expect(echoes(device))
    }

    @Test func `a signal to which a stream listens later is left to that`() async {
        await #expect(processExitsWith: .exitCode(42)) {
            let cleanup = SignalCleanup { exit(1) }
            let terminations = ProcessSignals.stream(of: [SIGTERM])
            let sending = Task {
                while !Task.isCancelled {
                    kill(getpid(), SIGTERM)
                    try? await Task.sleep(for: .milliseconds(20))  // cancelled is told to stop
                }
            }
            for await _ in terminations { exit(42) }
            sending.cancel()
            withExtendedLifetime(cleanup) {}
        }
    }

    @Test func `a signal to which nobody listens ends the process after the clean-up`() async {
        await #expect(processExitsWith: .exitCode(43)) {
            let cleanup = SignalCleanup { exit(43) }
            kill(getpid(), SIGTERM)
            // As long as it lives.
            withExtendedLifetime(cleanup) { while true { pause() } }
        }
    }
}
