// SPDX-License-Identifier: Apache-2.0

/// An IPv6 address without a zone.
package struct IPv6Address: Hashable, Sendable {
    /// The eight groups of sixteen bits, the first one highest; always eight.
    package let groups: [UInt16]

    /// Reads any of the spellings of RFC 4291, section 2.2, without brackets.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count <= 45, text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        let text = String(text)
        guard let gap = text.firstRange(of: "::") else {
            guard let groups = Self.read(text[...], mayEndInIPv4: true), groups.count == 8 else { return nil }
            self.groups = groups
            return
        }
        // `::` stands for one group of zeros at least; a second one leaves an empty part that cannot be read.
        guard let head = Self.read(text[..<gap.lowerBound], mayEndInIPv4: false),
            let tail = Self.read(text[gap.upperBound...], mayEndInIPv4: true), head.count + tail.count < 8
        else { return nil }
        groups = head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail
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

    private static func read(_ text: Substring, mayEndInIPv4: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if mayEndInIPv4, index == parts.count - 1, let address = IPv4Address(utf8: Array(part.utf8)[...])
            {
                groups.append(UInt16(truncatingIfNeeded: address.bits >> 16))
                groups.append(UInt16(truncatingIfNeeded: address.bits))
            } else {
                guard (1...4).contains(part.utf8.count), part.allSatisfy(\.isHexDigit),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups
    }
}
