// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An IPv6 address without a zone.
package struct IPv6Address: Hashable, Sendable {
    /// The eight groups of sixteen bits, the first one highest; always eight.
    package let groups: [UInt16]

    /// Reads any of the spellings of RFC 4291, section 2.2, without brackets.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count <= 45, text.utf8.allSatisfy({ (1..<0x80).contains($0) }) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        guard unsafe inet_pton(AF_INET6, String(text), &bytes) == 1 else { return nil }
        groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
    }

    /// The spelling of RFC 5952: lower-case, no leading zeros, the first longest run of zeros as `::`.
    package var text: String {
        guard let gap = longestGap else { return Self.write(groups[...]) }
        return "\(Self.write(groups[..<gap.lowerBound]))::\(Self.write(groups[gap.upperBound...]))"
    }

    private var longestGap: Range<Int>? {
        var best: Range<Int>?
        var start: Int?
        for (index, group) in (groups + [1]).enumerated() {
            if group == 0, index < groups.count {
                start = start ?? index
            } else if let first = start {
                if index - first >= 2, index - first > best?.count ?? 0 { best = first..<index }
                start = nil
            }
        }
        return best
    }

    private static func write(_ groups: ArraySlice<UInt16>) -> String {
        groups.map { String($0, radix: 16) }.joined(separator: ":")
    }
}
