// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Glibc
import Synchronization

extension ChildProgram {
    /// What a program has printed, and how it ended.
    package struct Output: Sendable {
        /// What came on its standard output, as far as it is kept.
        package let bytes: [UInt8]
        /// How it ended; nil if it was killed since its time was up.
        package let ending: Ending?
    }

    /// Runs a program without any input to its end.
    ///
    /// - Parameters:
    ///   - arguments: The program, a path or a name to be found in PATH, and what it is told.
    ///   - limit: How many bytes of its output are kept, the first ones; nothing in them is a secret.
    ///   - time: How long it may take; then it is killed.
    /// - Returns: What came of it.
    /// - Throws: Why it can't be started; ECANCELED of `wait` where the caller is cancelled, and the program is killed.
    package static func output(
        of arguments: [String],
        limit: Int = .max,
        within time: Duration
    ) async throws(SystemCallError) -> Output {
        let output = Mutex<[UInt8]>([])
        let child = try ChildProgram(arguments) { chunk in
            output.withLock { bytes in
                for index in chunk.indices where bytes.count < limit { bytes.append(chunk[index]) }
            }
        }
        defer { child.kill() }
        child.closeInput()
        let ending: Ending?
        switch await timed(time, { await child.end() }) {
        case .done(let own): ending = own
        case .late: ending = nil
        case .cancelled: throw SystemCallError(call: "wait", code: ECANCELED)
        }
        return Output(bytes: output.withLock { $0 }, ending: ending)
    }
}
