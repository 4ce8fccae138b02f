// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// The start of another program, by posix_spawn: it inherits nothing from this process but two pipes and the
/// environment.
///
/// It leads a session of its own and has no controlling terminal: the terminal that this process may have been
/// started from could stop it, and this process with it.
struct ProgramStart: ~Copyable {
    let pid: Int32
    /// Where to write what it reads.
    let input: Descriptor
    /// Where to read what it writes.
    let output: Descriptor

    /// Starts a program, its standard error thrown away.
    ///
    /// - Parameters:
    ///   - arguments: The program, a path or a name to be found in PATH, and what it is told.
    ///   - environment: What it gets in addition to, or instead of, our own variables.
    ///   - removed: Our own variables that it doesn't get.
    /// - Throws: The failing call's `errno`; ENOENT where there is no such program.
    init(
        _ arguments: [String],
        environment: [String: String],
        removed: Set<String>
    ) throws(SystemCallError) {
        guard let name = arguments.first, !name.isEmpty, !arguments.contains(where: { $0.utf8.contains(0) })
        else { throw SystemCallError(call: "posix_spawn", code: EINVAL) }
        let toChild = try Pipe()
        let fromChild = try Pipe()
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        // Where this process runs without standard streams, a pipe may have got one of their numbers.
        guard min(toChild.reading.number, fromChild.writing.number) > 2 else {
            throw SystemCallError(call: "posix_spawn", code: EBADF)
        }
        unsafe posix_spawn_file_actions_adddup2(&actions, toChild.reading.number, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, fromChild.writing.number, 1)
        // What it complains about might contain a secret, and our own standard error is the log.
        unsafe posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        unsafe posix_spawn_file_actions_addclosefrom_np(&actions, 3)

        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // Threads of a dispatch pool block every signal, and this process ignores some: it would inherit both.
        var (none, all) = (sigset_t(), sigset_t())
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | Self.setSession)
        )

        let settings = Self.ownEnvironment.filter { !removed.contains($0.key) }.merging(environment) { $1 }
        let words = unsafe arguments.map { unsafe strdup($0) } + [nil]
        let variables = unsafe settings.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
        defer { unsafe (words + variables).forEach { unsafe free($0) } }
        var child: pid_t = 0
        let code = unsafe posix_spawnp(&child, name, &actions, &attributes, words, variables)
        guard code == 0 else { throw SystemCallError(call: "posix_spawn", code: code) }
        DescriptorLimit.restore(for: child)
        pid = child
        input = toChild.takeWriting()
        output = fromChild.takeReading()
    }

    /// `POSIX_SPAWN_SETSID` of spawn.h, which declares it for GNU sources alone.
    private static let setSession: Int32 = 0x80

    /// Our own variables as they are now.
    private static var ownEnvironment: [String: String] {
        guard var place = unsafe keybell_environ() else { return [:] }
        var variables: [String: String] = [:]
        while let text = unsafe place.pointee {
            let parts = unsafe String(cString: text).split(
                separator: "=",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            unsafe place += 1
        }
        return variables
    }

    /// Gives the parts to their new owner.
    consuming func release() -> (pid: Int32, input: Int32, output: Int32) {
        let pid = pid
        return (pid, input.release(), output.release())
    }
}

/// Both ends of a pipe.
private struct Pipe: ~Copyable {
    let reading: Descriptor
    let writing: Descriptor

    init() throws(SystemCallError) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw .last("pipe") }
        // Marked close-on-exec for whatever else starts programs in this process; those started here close everything
        // anyway.
        for end in ends { Descriptor.closeOnExec(end) }
        reading = Descriptor(adopting: ends[0])
        writing = Descriptor(adopting: ends[1])
    }

    /// Keeps one end and closes the other.
    consuming func takeReading() -> Descriptor { reading }

    /// Keeps one end and closes the other.
    consuming func takeWriting() -> Descriptor { writing }
}
