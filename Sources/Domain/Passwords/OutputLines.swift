// SPDX-License-Identifier: Apache-2.0

import Linux
import SecureMemory
import Synchronization

/// What a program writes, cut into lines that lie in locked memory from the first byte on.
///
/// Whichever program it is, a password command or a pinentry: one that writes more than `mostBytes` is ended.
final class OutputLines: Sendable {
    /// The lines without their newline; what follows the last newline is a line, too, unless it is empty.
    let lines: AsyncStream<SecretBytes>

    private struct State {
        /// The incomplete line so far.
        var pieces: [SecretBytes] = []
        /// How many bytes may still come; anything beyond them is ignored.
        var room: Int
        var isGivenUp = false
    }

    /// How many bytes a program may write: a password, and a few words around it.
    static let mostBytes = 1 << 16

    private let continuation: AsyncStream<SecretBytes>.Continuation
    private let state = Mutex(State(room: OutputLines.mostBytes))

    /// Waits for lines.
    init() {
        (lines, continuation) = AsyncStream.makeStream()
    }

    /// Starts the program whose lines these are; to be called once.
    ///
    /// - Parameters:
    ///   - arguments: The program, a path or a name to be found in PATH, and what it is told.
    ///   - environment: What it gets in addition to, or instead of, our own variables.
    ///   - removed: Our own variables that it doesn't get.
    /// - Returns: The program.
    /// - Throws: The failing call's `errno`; ENOENT where there is no such program.
    func start(
        _ arguments: [String],
        environment: [String: String],
        removed: Set<String> = []
    ) throws(SystemCallError) -> ChildProgram {
        try ChildProgram(
            arguments,
            environment: environment,
            removed: removed,
            longestOutput: Self.mostBytes
        ) { self.receive($0) }
    }

    /// Takes the next bytes; an empty chunk is the end.
    func receive(_ bytes: Span<UInt8>) {
        state.withLock { state in
            guard !bytes.isEmpty, bytes.count <= state.room else {
                if bytes.isEmpty, !state.pieces.isEmpty { endLine(&state) }
                state.pieces = []
                state.room = 0
                continuation.finish()
                return
            }
            state.room -= bytes.count
            var start = 0
            for index in bytes.indices where bytes[index] == UInt8(ascii: "\n") {
                state.pieces.append(Self.copy(bytes, start..<index))
                endLine(&state)
                start = index + 1
            }
            if start < bytes.count { state.pieces.append(Self.copy(bytes, start..<bytes.count)) }
        }
    }

    /// Waits for no more lines.
    func giveUp() {
        state.withLock { $0.isGivenUp = true }
        continuation.finish()
    }

    /// Whether nobody was waiting for more.
    var isGivenUp: Bool { state.withLock { $0.isGivenUp } }

    private func endLine(_ state: inout State) {
        continuation.yield(SecretBytes.joining(state.pieces))
        state.pieces = []
    }

    private static func copy(_ bytes: Span<UInt8>, _ range: Range<Int>) -> SecretBytes {
        SecretBytes(capacity: range.count) { output in
            for index in range { output.append(bytes[index]) }
        }
    }
}
