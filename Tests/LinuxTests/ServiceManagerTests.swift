// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Linux

@Suite struct ServiceManagerTests {
    private func listener(at path: String) throws -> Descriptor {
        let socket = try Descriptor("socket", socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0))
        var name = Array(path.utf8)
        if path.hasPrefix("@") { name[0] = 0 }
        let address = [UInt8(AF_UNIX), 0] + name
        let bound = unsafe address.withUnsafeBytes { buffer -> Int32 in
            guard let base = unsafe buffer.baseAddress?.assumingMemoryBound(to: sockaddr.self) else {
                return -1
            }
            return unsafe bind(socket.number, base, socklen_t(address.count))
        }
        try #require(bound == 0)
        return socket
    }

    @Test func `a journal that takes nothing keeps nothing from the service manager`() throws {
        let (journal, manager) = ("@keybell-test-full-\(getpid())", "@keybell-test-manager-\(getpid())")
        let full = try listener(at: journal)
        let socket = try listener(at: manager)
        // What is sent and not read fills the sending socket, or the other's queue.
        let entry = [(name: "MESSAGE", value: String(repeating: "a", count: 100_000))]
        var count = 0
        while Journal.write(entry, socket: journal), count < 10_000 { count += 1 }
        #expect((1..<10_000).contains(count))
        #expect(ServiceManager.notify("READY=1", socket: manager))
        withExtendedLifetime((full.number, socket.number)) {}
    }

    @Test(arguments: ["@keybell-test-\(getpid())", "/tmp/keybell-test-notify-\(getpid())"])
    func `a state reaches the manager's socket, abstract or in a folder`(path: String) throws {
        let socket = try listener(at: path)
        defer { unsafe unlink(path) }
        #expect(ServiceManager.notify("READY=1\nSTATUS=Serving", socket: path))
        var bytes = [UInt8](repeating: 0, count: 100)
        let count = unsafe recv(socket.number, &bytes, bytes.count, 0)
        #expect(String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self) == "READY=1\nSTATUS=Serving")
    }

    @Test func `a journal's entry tells each field, one of several lines by its length`() {
        let message = Journal.message([("MESSAGE", "a b"), ("TWO", "c\nd")])
        #expect(
            message == Array("MESSAGE=a b\nTWO\n".utf8) + [3, 0, 0, 0, 0, 0, 0, 0] + Array("c\nd\n".utf8)
        )
        #expect(!Journal.write([("MESSAGE", "lost")], socket: "/nonexistent/socket"))
    }

    @Test(arguments: ["", "relative", "@keybell-nobody", "/nonexistent/socket"])
    func `nobody to tell is no error`(path: String) {
        #expect(ServiceManager.notify("READY=1", socket: path) == false)
    }

    @Test func `passed sockets are counted from three, with their names`() {
        let numbers = Listeners.numbers(pid: "42", count: "2", names: "web:", process: 42)
        #expect(numbers.map(\.number) == [3, 4])
        #expect(numbers.map(\.name) == ["web", ""])
    }

    @Test(arguments: [("41", "2"), ("", "2"), ("42", "0"), ("42", "-1"), ("42", "x"), ("42", "99999")])
    func `sockets for another process, or none, are not taken`(pid: String, count: String) {
        #expect(Listeners.numbers(pid: pid, count: count, names: nil, process: 42).isEmpty)
    }

    @Test func `a hardened process leaves no core and can gain no rights`() async {
        // The number of the first check that failed is the exit status.
        await #expect(processExitsWith: .exitCode(42)) {
            guard (try? Hardening.forbidDumps()) != nil else { exit(1) }
            guard (try? Hardening.forbidNewPrivileges()) != nil else { exit(2) }
            var limit = rlimit()
            guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) == 0 else { exit(3) }
            guard limit.rlim_max == 0 else { exit(4) }
            guard let status = try? FileBytes.read("/proc/thread-self/status") else { exit(5) }
            guard String(decoding: status, as: UTF8.self).contains("NoNewPrivs:\t1") else { exit(6) }
            exit(42)
        }
    }

    @Test func `a pipe, a folder and a long file are not read`() throws {
        #expect(throws: SystemCallError.notRegular) { try FileBytes.read("/dev/null") }
        #expect(throws: SystemCallError.notRegular) { try FileBytes.read("/proc") }
        #expect(throws: SystemCallError(call: "read", code: EFBIG)) {
            try FileBytes.read("/proc/self/status", limit: 9)
        }
        #expect(throws: SystemCallError(call: "open", code: ELOOP)) { try FileBytes.read("/proc/self/exe") }
    }
}
