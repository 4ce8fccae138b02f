// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Dispatch
import Glibc
import Synchronization

/// A program that this process has started, with pipes to its standard input and output.
///
/// Nothing here blocks an executor: output comes through a dispatch source, the end through a descriptor for the
/// process. A child whose last reference goes is killed; each is reaped, whoever still holds it.
package final class ChildProgram: Sendable {
    /// How a program ended.
    package enum Ending: Hashable, Sendable {
        /// By itself, with this code.
        case exited(Int32)
        /// By this signal.
        case killed(signal: Int32)
    }

    /// Its process id.
    package let pid: Int32

    private let life: Life

    /// Starts a program.
    ///
    /// It has a session of its own without a terminal, its signals are reset, no descriptor of ours stays open in it,
    /// and its standard error is thrown away: what programs complain about may contain a secret.
    ///
    /// - Parameters:
    ///   - arguments: The program, a path or a name to be found in PATH, and what it is told.
    ///   - environment: What it gets in addition to, or instead of, our own variables.
    ///   - removed: Our own variables that it doesn't get.
    ///   - longestOutput: How many bytes it may write; one that writes more is killed.
    ///   - isWatched: False, for tests, as if there were no descriptor for it.
    ///   - output: Gets what it writes, chunk by chunk on one queue; an empty one, once, at the end. The memory
    ///     is wiped afterwards.
    /// - Throws: The failing call's `errno`; ENOENT where there is no such program.
    package init(
        _ arguments: [String],
        environment: [String: String] = [:],
        removed: Set<String> = [],
        longestOutput: Int = .max,
        isWatched: Bool = true,
        output: @escaping @Sendable (Span<UInt8>) -> Void
    ) throws(SystemCallError) {
        _ = Self.brokenPipesAreErrors
        let (pid, input, pipe) = try ProgramStart(
            arguments,
            environment: environment,
            removed: removed
        ).release()
        for descriptor in [input, pipe] {
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        }
        self.pid = pid
        do throws(SystemCallError) {
            life = try Life(
                pid: pid,
                input: input,
                output: pipe,
                longestOutput: longestOutput,
                isWatched: isWatched,
                receive: output
            )
        } catch {
            for descriptor in [input, pipe] { close(descriptor) }
            _ = Glibc.kill(-pid, SIGKILL)
            waitpid(pid, nil, 0)
            throw error
        }
    }

    deinit {
        kill()
        closeInput()
    }

    /// Writes to its standard input, all or nothing.
    ///
    /// - Parameter bytes: Less than a pipe holds (64 KiB), since this doesn't wait for space in it.
    /// - Returns: False if it doesn't read any more, or too slowly.
    package func write(_ bytes: Span<UInt8>) -> Bool {
        life.write(bytes)
    }

    /// Ends its standard input.
    package func closeInput() {
        life.closeInput()
    }

    /// Whether it wrote more than it may.
    package var hasWrittenTooMuch: Bool { life.hasWrittenTooMuch }

    /// Waits for its end, when all its output has been handed over; nothing else ends the wait.
    package func end() async -> Ending {
        await life.end()
    }

    /// Kills it at once, together with what it has started, unless it has ended.
    package func kill() {
        life.signal(SIGKILL)
    }

    /// Asks it to end by itself, so that it can restore a terminal, and kills it if that takes longer than a second.
    ///
    /// Returns when it has ended, or when a killed one is still there after another second.
    package func terminate() async {
        life.signal(SIGTERM)
        if await hasEnded(within: .seconds(1)) { return }
        kill()
        for _ in 1...20 {
            // One that can't be watched is polled.
            life.look()
            if await hasEnded(within: .milliseconds(50)) { return }
        }
    }

    /// Whoever waits may have been cancelled, which mustn't cut the time short.
    private func hasEnded(within time: Duration) async -> Bool {
        await timedDespiteCancellation(time) { await self.end() } != nil
    }

    /// Ends every child that is still running, for a process that is about to end.
    package static func terminateAll() {
        for life in Life.all.withLock({ Array($0.values) }) { life.signal(SIGTERM) }
    }

    /// A child that has closed its input mustn't end this process.
    private static let brokenPipesAreErrors: Void = {
        ProcessSignals.ignore(SIGPIPE)
    }()
}

/// The child from start to end, kept alive by its sources until it has been reaped.
private final class Life: Sendable {
    private struct State {
        var input: Int32?
        var output: DispatchSource?
        var written = 0
        var watch: ProcessExit?
        var ending: ChildProgram.Ending?
        var waiters: [CheckedContinuation<ChildProgram.Ending, Never>] = []
    }

    /// Those that haven't been reaped.
    static let all = Mutex<[ObjectIdentifier: Life]>([:])

    private static let chunkSize = 4096

    private let pid: Int32
    private let output: Int32
    private let longestOutput: Int
    private let queue = DispatchQueue(label: "org.keybell.child")
    private let receive: @Sendable (Span<UInt8>) -> Void
    private let state: Mutex<State>

    init(
        pid: Int32,
        input: Int32,
        output: Int32,
        longestOutput: Int,
        isWatched: Bool,
        receive: @escaping @Sendable (Span<UInt8>) -> Void
    ) throws(SystemCallError) {
        self.pid = pid
        self.output = output
        self.longestOutput = longestOutput
        self.receive = receive
        let source = try ReadySource.make(output, for: .reading, queue: queue) { close(output) }
        state = Mutex(State(input: input, output: source))
        source.setEventHandler { self.read() }
        Self.all.withLock { $0[ObjectIdentifier(self)] = self }
        // On the same queue, so that the end is told after the output.
        let watch = isWatched ? ProcessExit(pid: pid, queue: queue) { self.reap() } : nil
        state.withLock { state in
            // Ended already: then the watch has fired, or will.
            if state.ending == nil { state.watch = watch }
        }
        source.activate()
        // A child stays watchable until it is reaped, so this happens only if somebody else has reaped it.
        if watch == nil, isWatched { queue.async { self.reap() } }
    }

    var hasWrittenTooMuch: Bool { state.withLock { $0.written > longestOutput } }

    /// Checks whether it has ended, which may not have been reported.
    func look() {
        queue.async { self.reap(waiting: false) }
    }

    func write(_ bytes: Span<UInt8>) -> Bool {
        state.withLock { state in
            guard let input = state.input else { return false }
            return unsafe bytes.withUnsafeBytes { buffer in
                var written: Int
                repeat {
                    written = unsafe Glibc.write(input, buffer.baseAddress, buffer.count)
                } while written < 0 && errno == EINTR
                return written == buffer.count
            }
        }
    }

    func closeInput() {
        state.withLock { state in
            if let input = state.input.take() { close(input) }
        }
    }

    /// Under the lock under which it is reaped, so that the number is still its own.
    func signal(_ number: Int32) {
        state.withLock { state in
            if state.ending == nil { _ = Glibc.kill(-pid, number) }
        }
    }

    func end() async -> ChildProgram.Ending {
        await withCheckedContinuation { continuation in
            let ending = state.withLock { state in
                if state.ending == nil { state.waiters.append(continuation) }
                return state.ending
            }
            if let ending { continuation.resume(returning: ending) }
        }
    }

    // MARK: - On the queue

    private func read() {
        switch readChunk() {
        case .some(0): endOutput()
        case .some: break
        case nil: if errno != EAGAIN && errno != EINTR { endOutput() }
        }
    }

    /// Hands over what is there; how much it was, 0 at the end, nil with `errno`.
    private func readChunk() -> Int? {
        unsafe withUnsafeTemporaryAllocation(byteCount: Self.chunkSize, alignment: 16) { buffer in
            let count = unsafe Glibc.read(output, buffer.baseAddress, buffer.count)
            guard count >= 0 else { return nil }
            if count > 0 {
                let bytes = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<count])
                receive(unsafe bytes.bindMemory(to: UInt8.self).span)
                if let start = buffer.baseAddress { unsafe explicit_bzero(start, count) }
                state.withLock { $0.written += count }
                if hasWrittenTooMuch { signal(SIGKILL) }
            }
            return count
        }
    }

    /// Reports the end of the output, once; what another process still writes into the pipe is ignored.
    private func endOutput() {
        let source = state.withLock { $0.output.take() }
        guard let source else { return }
        source.cancel()
        receive([UInt8]().span)
    }

    /// Takes in the end, once; without waiting only if it has come.
    private func reap(waiting: Bool = true) {
        guard state.withLock({ $0.ending == nil }), waiting || isOver() else { return }
        while state.withLock({ $0.output != nil }), let count = readChunk(), count > 0 {}
        endOutput()
        let (ending, waiters) = state.withLock { state in
            var status: Int32 = 0
            while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
            let signal = status & 0x7F
            let ending: ChildProgram.Ending =
                signal == 0 ? .exited(status >> 8 & 0xFF) : .killed(signal: signal)
            state.ending = ending
            state.watch = nil
            defer { state.waiters = [] }
            return (ending, state.waiters)
        }
        Self.all.withLock { $0[ObjectIdentifier(self)] = nil }
        for waiter in waiters { waiter.resume(returning: ending) }
    }

    /// Whether it has ended and nobody has reaped it yet.
    private func isOver() -> Bool {
        state.withLock { state in
            var info = unsafe siginfo_t()
            guard state.ending == nil else { return false }
            guard unsafe waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 else {
                return true
            }
            return unsafe info._sifields._sigchld.si_pid == pid
        }
    }
}
