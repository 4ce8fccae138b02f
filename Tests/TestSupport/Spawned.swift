// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// No process could be made; `code` is the system's number for why.
package struct SpawnError: Error, Equatable {
    let code: Int32
}

/// A child by posix_spawn, with a pipe for each of its three standard streams.
///
/// Foundation's `Process` lets a child inherit what another one's start has just opened, so that the end of a
/// stream is not seen; here every descriptor is closed on exec.
struct Spawned {
    let pid: Int32
    let input: Int32
    let output: Int32
    let errors: Int32

    /// Starts `arguments[0]`, a path.
    ///
    /// One at a time, for a pipe is open to every child until it is marked.
    static func start(_ arguments: [String], environment: [String: String]) throws -> Spawned {
        try lock.withLock { _ in try Spawned(arguments, environment: environment) }
    }

    private static let lock = Mutex(())

    private init(_ arguments: [String], environment: [String: String]) throws {
        let (stdin, stdout, stderr) = (try Self.pipe(), try Self.pipe(), try Self.pipe())
        defer { for descriptor in [stdin.read, stdout.write, stderr.write] { close(descriptor) } }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for (target, source) in [stdin.read, stdout.write, stderr.write].enumerated() {
            unsafe posix_spawn_file_actions_adddup2(&actions, source, Int32(target))
        }
        // Threads of a dispatch pool block every signal, and a child would inherit that.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var (none, usual) = (sigset_t(), sigset_t())
        unsafe sigemptyset(&none)
        unsafe sigemptyset(&usual)
        unsafe sigaddset(&usual, SIGPIPE)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &usual)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        let words = unsafe (arguments).map { unsafe strdup($0) } + [nil]
        let settings = unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
        defer { unsafe (words + settings).forEach { unsafe free($0) } }
        var child: pid_t = 0
        let code = unsafe posix_spawn(&child, arguments[0], &actions, &attributes, words, settings)
        guard code == 0 else {
            for descriptor in [stdin.write, stdout.read, stderr.read] { close(descriptor) }
            throw SpawnError(code: code)
        }
        pid = child
        input = stdin.write
        output = stdout.read
        errors = stderr.read
    }

    /// Waits for a child's end: its exit code, or minus the number of the signal that ended it.
    static func status(of pid: Int32) -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : -signal
    }

    /// What a pipe has for us; nil at its end, when it is closed too.
    static func read(_ descriptor: Int32) -> [UInt8]? {
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
            count = unsafe max(0, Glibc.read(descriptor, buffer.baseAddress, buffer.count))
        }
        guard bytes.isEmpty else { return bytes }
        close(descriptor)
        return nil
    }

    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard unsafe Glibc.pipe(&ends) == 0 else { throw SpawnError(code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }
}
