// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Testing

@testable import Linux

/// What a child has written, as the end of its output shows it.
private final class ReceivedOutput: Sendable {
    private let bytes = Mutex<[UInt8]>([])
    private let ends = Mutex(0)

    var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }
    var endCount: Int { ends.withLock { $0 } }

    func receive(_ chunk: Span<UInt8>) {
        bytes.withLock { bytes in
            for index in chunk.indices { bytes.append(chunk[index]) }
        }
        if chunk.isEmpty { ends.withLock { $0 += 1 } }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct ChildProgramTests {
    private func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        input: String = ""
    ) async throws -> (ChildProgram.Ending, String) {
        let heard = ReceivedOutput()
        let child = try ChildProgram(arguments, environment: environment) { heard.receive($0) }
        let isWritten = child.write(Array(input.utf8).span)
        #expect(isWritten)
        child.closeInput()
        let ending = await child.end()
        #expect(heard.endCount == 1)
        return (ending, heard.text)
    }

    @Test func `all that a program writes has come when its end is told`() async throws {
        let (ending, text) = try await run(["sh", "-c", "seq 1 20000; exit 3"])
        #expect(ending == .exited(3))
        #expect(text.split(separator: "\n").count == 20000)
    }

    @Test func `what is written to it is what it reads`() async throws {
        let (ending, text) = try await run(["cat"], input: "ring\nring\n")
        #expect(ending == .exited(0))
        #expect(text == "ring\nring\n")
    }

    @Test func `arguments reach it as they are, with no shell between`() async throws {
        #expect(try await run(["printf", "%s|", "a b", "$HOME", "*"]).1 == "a b|$HOME|*|")
    }

    @Test func `it gets our environment and what is added`() async throws {
        let (_, text) = try await run(
            ["sh", "-c", "printf '%s %s' \"$RING\" \"${PATH:+path}\""],
            environment: ["RING": "a=b"]
        )
        #expect(text == "a=b path")
    }

    @Test func `no descriptor of ours is open in it`() async throws {
        let open = unsafe Glibc.open("/dev/null", O_RDONLY)  // without O_CLOEXEC
        defer { close(open) }
        let (_, text) = try await run(["sh", "-c", "ls /proc/$$/fd"])
        let numbers = Set(text.split(separator: "\n").compactMap { Int($0) })
        #expect(numbers.isSuperset(of: [0, 1, 2]))
        // A shell keeps its script or a copy of its input at 10 or above; ours would be here too.
        #expect(!numbers.contains(Int(open)))
    }

    @Test func `no signal is blocked or ignored in it`() async throws {
        let (_, text) = try await run(["grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"])
        let masks = text.split(separator: "\n").map {
            UInt64($0.split(separator: "\t").last ?? "", radix: 16)
        }
        // Signals 32 and 33 are the C library's own, and it has them ignored where it starts programs.
        #expect(masks.count == 2 && masks.allSatisfy { $0.map { $0 & ~0x1_8000_0000 } == 0 })
    }

    @Test func `a program that is not there is an error at once`() {
        #expect(throws: SystemCallError(call: "posix_spawn", code: ENOENT)) {
            _ = try ChildProgram(["/nonexistent/program"]) { _ in }
        }
        #expect(throws: SystemCallError(call: "posix_spawn", code: EINVAL)) {
            _ = try ChildProgram([]) { _ in }
        }
        #expect(throws: SystemCallError(call: "posix_spawn", code: EINVAL)) {
            _ = try ChildProgram(["true", "a\0b"]) { _ in }
        }
    }

    @Test func `a killed one ends by the signal, and takes its group along`() async throws {
        let heard = ReceivedOutput()
        let (signals, started) = AsyncStream<Void>.makeStream()
        let child = try ChildProgram(["sh", "-c", "sleep 600 & echo $!; wait"]) {
            heard.receive($0)
            if !$0.isEmpty { started.yield() }
        }
        for await _ in signals.prefix(1) {}
        child.kill()
        #expect(await child.end() == .killed(signal: SIGKILL))
        let inner = try #require(Int32(heard.text.trimmingSuffix { $0.isNewline }))
        let (ends, ended) = AsyncStream<Void>.makeStream()
        let watch = ProcessExit(pid: inner) { ended.finish() }
        if watch != nil { for await _ in ends {} }
    }

    @Test func `one leads a session of its own, without a terminal`() async throws {
        let (ending, text) = try await run(["sh", "-c", "cat /proc/$$/stat"])
        #expect(ending == .exited(0))
        let status = try #require(ProcessStatus(parsing: Array(text.utf8)))
        #expect(status.session == status.pid)
        #expect(status.group == status.pid)
        #expect(status.terminal == 0)
    }

    @Test func `one that is to end by itself can tidy up, and one that doesn't is killed`() async throws {
        for (script, ending) in [
            ("trap 'exit 7' TERM; echo; while :; do sleep 0.01; done", ChildProgram.Ending.exited(7)),
            ("trap '' TERM; echo; while :; do sleep 0.01; done", .killed(signal: SIGKILL)),
        ] {
            let (signals, started) = AsyncStream<Void>.makeStream()
            let child = try ChildProgram(["sh", "-c", script]) { if !$0.isEmpty { started.yield() } }
            for await _ in signals.prefix(1) {}
            await child.terminate()
            #expect(await child.end() == ending)
        }
    }

    @Test func `one that can't be watched is ended all the same`() async throws {
        for script in ["echo; exec sleep 600", "trap '' TERM; echo; while :; do sleep 0.01; done"] {
            let (signals, started) = AsyncStream<Void>.makeStream()
            let child = try ChildProgram(["sh", "-c", script], isWatched: false) {
                if !$0.isEmpty { started.yield() }
            }
            for await _ in signals.prefix(1) {}
            await child.terminate()
            guard case .killed = await child.end() else { return #expect(Bool(false)) }
        }
    }

    @Test func `a grandchild that keeps the output open doesn't hold the end up`() async throws {
        let (ending, text) = try await run(["sh", "-c", "sleep 600 & echo $!"])
        #expect(ending == .exited(0))
        let inner = try #require(Int32(text.trimmingSuffix { $0.isNewline }))
        kill(inner, SIGKILL)
    }

    @Test func `writing to one that reads no more is no more than false`() async throws {
        let child = try ChildProgram(["true"]) { _ in }
        _ = await child.end()
        let isWritten = child.write([1, 2, 3].span)
        #expect(!isWritten)
    }

    @Test func `one that nobody holds any more is killed`() async throws {
        let (ends, ended) = AsyncStream<Void>.makeStream()
        var child: ChildProgram? = try ChildProgram(["sleep", "600"]) { _ in }
        let pid = try #require(child?.pid)
        let watch = try #require(ProcessExit(pid: pid) { ended.finish() })
        child = nil
        for await _ in ends {}
        watch.cancel()
    }

    @Test func `what a program prints is kept up to a limit, and one that takes too long is killed`()
        async throws
    {
        let whole = try await ChildProgram.output(
            of: ["sh", "-c", "cat; printf abc; exit 3"],
            within: .seconds(30)
        )
        #expect(String(decoding: whole.bytes, as: UTF8.self) == "abc")
        #expect(whole.ending == .exited(3))
        let first = try await ChildProgram.output(of: ["printf", "abc"], limit: 2, within: .seconds(30))
        #expect(String(decoding: first.bytes, as: UTF8.self) == "ab")
        #expect(first.ending == .exited(0))
        let late = try await ChildProgram.output(of: ["sleep", "600"], within: .milliseconds(1))
        #expect(late.ending == nil)
        let cancelled = Task { try await ChildProgram.output(of: ["sleep", "600"], within: .seconds(600)) }
        cancelled.cancel()
        await #expect(throws: SystemCallError(call: "wait", code: ECANCELED)) { try await cancelled.value }
        await #expect(throws: SystemCallError.self) {
            _ = try await ChildProgram.output(of: ["/nonexistent"], within: .seconds(30))
        }
    }
}

extension String {
    fileprivate func trimmingSuffix(while isCut: (Character) -> Bool) -> String {
        String(reversed().drop(while: isCut).reversed())
    }
}
