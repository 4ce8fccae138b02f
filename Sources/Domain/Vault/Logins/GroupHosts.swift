// SPDX-License-Identifier: Apache-2.0

/// What a vault's groups say about hosts, for everything in them: one table for all its logins, however many there are.
///
/// A group is known by its number in the order in which the tree is walked, each group before those in it, so that a
/// group and everything in it are a range of numbers.
final class GroupHosts: Sendable {
    private let allow: [String: [Range<Int>]]
    private let deny: [String: [Range<Int>]]

    /// Collects what groups say.
    ///
    /// - Parameter groups: In their order, each with the numbers of itself and of all that are in it.
    init(_ groups: [(numbers: Range<Int>, settings: EntrySettings)]) {
        allow = Self.table(groups.map { ($0.numbers, $0.settings.allow) })
        deny = Self.table(groups.map { ($0.numbers, $0.settings.deny) })
    }

    /// Whether a group, or one around it, allows a host.
    func allows(_ host: String, in group: Int) -> Bool { Self.has(group, allow[host]) }

    /// Whether a group, or one around it, denies a host.
    func denies(_ host: String, in group: Int) -> Bool { Self.has(group, deny[host]) }

    private static func table(_ groups: [(numbers: Range<Int>, hosts: Set<String>)]) -> [String: [Range<Int>]]
    {
        var table: [String: [Range<Int>]] = [:]
        for group in groups {
            for host in group.hosts {
                // What an enclosing group says about the host already holds for it.
                if let last = table[host]?.last, last.contains(group.numbers.lowerBound) { continue }
                table[host, default: []].append(group.numbers)
            }
        }
        return table
    }

    /// Whether one of some ranges, in their order and apart from each other, has a number.
    private static func has(_ number: Int, _ ranges: [Range<Int>]?) -> Bool {
        guard let ranges else { return false }
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].lowerBound <= number { low = middle + 1 } else { high = middle }
        }
        return low > 0 && ranges[low - 1].contains(number)
    }
}
