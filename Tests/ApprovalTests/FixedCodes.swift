// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Codes in a given order instead of random ones; the last is drawn for ever.
final class FixedCodes: Sendable {
    private let rest: Mutex<[String]>

    init(_ codes: [String]) {
        rest = Mutex(codes)
    }

    func next() -> String {
        rest.withLock { $0.count > 1 ? $0.removeFirst() : $0.first ?? "ZZZZ" }
    }
}
