// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools

/// When what the keyring couldn't delete is tried again: after one pause after the other, the last of them again and again.
struct DeletionRetries {
    /// The pauses that the daemon makes.
    static let pauses: [Duration] = [.seconds(1), .seconds(5), .seconds(15), .seconds(60), .seconds(300)]

    private let pauses: [Duration]
    private var failures = 0
    private var alarm: Alarm?

    /// Without pauses nothing is tried again.
    init(_ pauses: [Duration]) {
        self.pauses = pauses
    }

    /// Has something tried again after a pause, unless that is due already.
    mutating func set(_ tryAgain: @escaping @Sendable () -> Void) {
        guard alarm == nil, let last = pauses.indices.last else { return }
        alarm = Alarm(after: pauses[min(failures, last)], fire: tryAgain)
    }

    /// The pause is over; the next one is longer.
    mutating func isOver() {
        alarm = nil
        failures += 1
    }

    /// Nothing is to be tried again, or the pauses begin anew.
    mutating func end() {
        (alarm, failures) = (nil, 0)
    }
}
