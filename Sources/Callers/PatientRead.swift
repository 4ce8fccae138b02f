// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Kernel
import Synchronization

/// Reads facts about processes on a thread of their own.
///
/// A program chooses the file system on which it lies and what is at its root, and could have a look at them take for ever.
enum PatientRead {
    private static let deadline = Duration.seconds(3)

    /// How many reads may be stuck before all that are asked for find nothing.
    private static let maximumStuck = 16

    private static let running = Mutex(0)

    /// Reads, and waits for it but for so long.
    ///
    /// - Parameter read: What blocks.
    /// - Returns: What it found; nil if that takes too long.
    static func run<Facts: Sendable>(_ read: @escaping @Sendable () -> Facts) async -> Facts? {
        let isRoom = running.withLock { count in
            guard count < maximumStuck else { return false }
            count += 1
            return true
        }
        guard isRoom else { return nil }
        return try? await withDeadline(deadline) {
            await withCheckedContinuation { continuation in
                DispatchQueue(label: "org.keybell.identification.facts").async {
                    let facts = read()
                    running.withLock { $0 -= 1 }
                    continuation.resume(returning: facts)
                }
            }
        }  // too long: none
    }
}
