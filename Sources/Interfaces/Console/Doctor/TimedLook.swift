// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools

/// Looks at files, but not for ever: what is on a network mount whose server has gone can't even be looked at.
enum TimedLook {
    private static let seconds = 10

    /// What a look finds; nil if that takes too long.
    static func result<Value: Sendable>(
        within limit: Duration = .seconds(seconds),
        _ look: @escaping @Sendable () -> Value
    ) async -> Value? {
        // One that hangs keeps its queue.
        let work = BlockingWork(label: "org.keybell.doctor")
        // A deadline is the only error there is.
        return try? await withDeadline(limit) { await work(look) }
    }

    /// The findings of a look, or that it takes too long.
    static func findings(
        _ subject: String,
        _ look: @escaping @Sendable () -> [Finding]
    ) async -> [Finding] {
        await result(look) ?? [tooLong(subject)]
    }

    /// Says that a look takes too long.
    static func tooLong(_ subject: String) -> Finding {
        .failure(
            subject,
            "a file or folder of it has given no answer for \(seconds) s",
            do: "See whether the disk or the network mount that it is on answers: `df` names all of them."
        )
    }
}
