// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Logging
import Synchronization

/// Tells the log of what any program can have happen as often as it likes: each sentence once a minute at most, with how often
/// it would have been.
///
/// The journal takes only so many lines of a service at a time, and drops the others, whatever they say.
final class RareNotices: Sendable {
    private struct Key: Hashable {
        let message: String
        let about: String
    }

    /// How many sentences are told apart; the others share what is left.
    private static let most = 256

    private let notices = Mutex<[Key: RareNotice]>([:])

    /// Nothing has been told yet.
    init() {}

    /// Tells something, if it is time.
    ///
    /// - Parameters:
    ///   - message: What happened.
    ///   - why: What tells it from the same that happens for another reason.
    ///   - level: How grave it is.
    ///   - metadata: What else is told.
    ///   - logger: Where to.
    ///   - now: When it happened.
    func tell(
        _ message: String,
        why: String,
        _ level: Logger.Level,
        _ metadata: Logger.Metadata = [:],
        to logger: Logger,
        at now: ContinuousClock.Instant = .now
    ) {
        let count = notices.withLock { notices in
            var key = Key(message: message, about: why)
            if notices[key] == nil, notices.count >= Self.most {
                notices = notices.filter { !$0.value.isRested(at: now) }
                if notices.count >= Self.most { key = Key(message: "", about: "") }
            }
            return notices[key, default: RareNotice()].take(at: now)
        }
        guard let count else { return }
        var metadata = metadata
        metadata["why"] = "\(why)"
        if count > 1 { metadata["times"] = "\(count)" }
        logger.log(level: level, "\(message)", metadata: metadata)
    }
}
