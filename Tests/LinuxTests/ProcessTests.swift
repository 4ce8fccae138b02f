// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Testing

@testable import Linux

@Suite struct ProcessTests {
    @Test func `our own process is described`() throws {
        let me = try #require(ProcessTable.status(of: getpid()))
        #expect(me.pid == getpid())
        #expect(me.parent == getppid())
        #expect(me.startTime > 0)
        #expect(ProcessTable.uid(of: getpid()) == getuid())
        #expect(ProcessTable.executable(of: getpid())?.hasPrefix("/") == true)
        #expect(ProcessTable.commandLine(of: getpid()).isEmpty == false)
        #expect(ProcessTable.controlGroup(of: getpid()) != nil)
    }

    @Test(arguments: [0, -1, Int32.max])
    func `a process that isn't there has no facts`(pid: Int32) {
        #expect(ProcessTable.status(of: pid) == nil)
        #expect(ProcessTable.executable(of: pid) == nil)
        #expect(ProcessTable.commandLine(of: pid).isEmpty)
        #expect(ProcessTable.controlGroup(of: pid) == nil)
        #expect(ProcessTable.uid(of: pid) == nil)
        #expect(ExecutableFile(of: pid, uid: 4242) == nil)
    }

    @Test func `a name with brackets and blanks doesn't shift the fields`() throws {
        let line = "42 (a) R 7 (x) S 1 2 3 34816 5 6 7 8 9 10 11 12 13 14 15 16 17 18 999 20\n"
        let status = try #require(ProcessStatus(parsing: Array(line.utf8)))
        #expect(status.command == "a) R 7 (x")
        #expect(status.parent == 1)
        #expect(status.session == 3)
        #expect(status.terminal == 34816)
        #expect(status.startTime == 999)
    }

    @Test(arguments: ["", "42", "42 (x", "x (y) S 1 2 3 4", "42 (y) S 1 2 3 4"])
    func `a broken status line is none`(line: String) {
        #expect(ProcessStatus(parsing: Array(line.utf8)) == nil)
    }

    @Test func `the end of a process is told once`() async throws {
        let ends = AsyncStream<Void>.makeStream()
        let child = try Child(["/bin/sleep", "1000"])
        let watch = ProcessExit(pid: child.pid, startTime: ProcessTable.status(of: child.pid)?.startTime) {
            ends.continuation.yield()
            ends.continuation.finish()
        }
        #expect(watch != nil)
        kill(child.pid, SIGKILL)
        var count = 0
        for await _ in ends.stream { count += 1 }
        #expect(count == 1)
        watch?.cancel()
    }

    @Test func `a descriptor tells that its process has ended`() throws {
        let child = try Child(["/bin/sleep", "1000"])
        let own = try #require(ProcessTable.status(of: child.pid)?.startTime)
        let descriptor = pidfd_open(child.pid, 0)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        #expect(!ProcessExit.hasEnded(descriptor))
        kill(child.pid, SIGKILL)
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let count = unsafe Glibc.poll(&poll, 1, 20_000)
        #expect(count == 1)
        #expect(ProcessExit.hasEnded(descriptor))
        #expect(ProcessExit(pid: child.pid, startTime: own) {} == nil)
        let start = try #require(ProcessTable.status(of: getpid())?.startTime)
        #expect(start <= ProcessTable.now)
    }

    @Test func `what fails for want of descriptors or memory is told from what isn't there`() {
        #expect([EMFILE, ENFILE, ENOMEM].allSatisfy(ResourceShortage.isMeant))
        #expect(![ENOENT, ESRCH, EACCES, EPERM, ELOOP, EINVAL].contains(where: ResourceShortage.isMeant))
    }

    @Test func `a process that is gone, or another under its number, isn't watched`() throws {
        #expect(ProcessExit(pid: Int32.max) {} == nil)
        #expect(ProcessExit(pid: 0) {} == nil)
        #expect(ProcessExit(pid: getpid(), startTime: 1) {} == nil)
    }
}

/// A program started for a test and ended with it.
private final class Child {
    let pid: Int32

    init(_ arguments: [String]) throws {
        var pid: pid_t = 0
        var pointers = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe pointers.forEach { unsafe free($0) } }
        let result = unsafe posix_spawn(&pid, arguments[0], nil, nil, &pointers, nil)
        try #require(result == 0)
        self.pid = pid
    }

    deinit {
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
    }
}
