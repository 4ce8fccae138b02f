// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools

/// Looks at files, but not for ever: what is on a network mount whose server has gone can't even be looked at.
enum TimedLook {
    private static let seconds = 10
    /// How long a look may take.
    static let limit = Duration.seconds(seconds)

    /// What a look finds; nil if that takes too long.
    static func result<Value: Sendable>(
        within limit: Duration = limit,
        _ look: @escaping @Sendable () -> Value
    ) async -> Value? {
        // One that hangs keeps its queue.
        let work = BlockingWork(label: "org.keybell.doctor")
        return await work(within: limit, look)
    }

    /// The findings of a look, or that it takes too long.
    ///
    /// - Parameters:
    ///   - subject: What the findings are about.
    ///   - places: What is looked at: files and folders.
    ///   - look: Looks.
    /// - Returns: The findings.
    static func findings(
        _ subject: String,
        at places: [String],
        _ look: @escaping @Sendable () -> [Finding]
    ) async -> [Finding] {
        await result(look) ?? [tooLong(subject, at: places)]
    }

    /// Says that a look takes too long.
    static func tooLong(_ subject: String, at places: [String]) -> Finding {
        .failure(
            subject,
            "\(places.joined(separator: " or ")) has given no answer for \(seconds) s",
            do:
                "`findmnt` lists the mounts: see whether the disk or the server answers that it is on. `umount -l` takes away a mount whose server has gone."
        )
    }
}
