// SPDX-License-Identifier: Apache-2.0

/// How many calls are being worked at, of each caller and in all: a flood from one must neither keep out
/// others nor take memory without end.
struct ServedCalls {
    /// How many calls of one connection are worked at at the same time.
    static let perCaller = 64
    /// How many of all connections.
    static let total = 512

    /// After how many calls the memory that they took is worth giving back.
    static let many = 256

    private var counts: [String: Int] = [:]
    private var sum = 0
    private var served = 0

    /// Counts a call in.
    ///
    /// - Returns: False if there are too many already; then it isn't counted.
    mutating func begin(_ caller: String) -> Bool {
        guard sum < Self.total, counts[caller, default: 0] < Self.perCaller else { return false }
        counts[caller, default: 0] += 1
        sum += 1
        return true
    }

    /// Counts it out.
    ///
    /// - Returns: Whether it is the last of many.
    mutating func end(_ caller: String) -> Bool {
        guard let count = counts[caller] else { return false }
        counts[caller] = count > 1 ? count - 1 : nil
        sum -= 1
        served += 1
        guard sum == 0, served >= Self.many else { return false }
        served = 0
        return true
    }
}
