// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Logging
import Synchronization

/// Tells of connections that aren't served, of which every user of the computer can make as many as they like.
final class AdmissionLog: Sendable {
    enum Reason: String {
        /// A program that only checks whether the port is open has mostly gone by now.
        case vanished = "Connection closed: nobody is to be seen at its other end any more"
        case foreign = "Connection closed: its other end isn't this user's"
        case tooMany = "Connection refused: too many are open"
    }

    private let notices = Mutex<[Reason: RareNotice]>([:])
    private let logger: Logger

    init(logger: Logger) {
        self.logger = logger
    }

    func note(_ reason: Reason, at now: ContinuousClock.Instant = .now) {
        guard let count = notices.withLock({ $0[reason, default: RareNotice()].take(at: now) }) else {
            return
        }
        logger.info("\(reason.rawValue)", metadata: count > 1 ? ["connections": "\(count)"] : nil)
    }
}
