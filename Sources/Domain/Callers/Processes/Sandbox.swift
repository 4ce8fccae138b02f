// SPDX-License-Identifier: Apache-2.0

/// The Flatpak or Snap in which a process runs.
package struct Sandbox: Hashable, Sendable {
    /// Its id as people know it; `unknown sandbox` where that can't be found out.
    package let name: String

    /// What it is counted by: `flatpak:` or `snap:` and the id, which can't be a path.
    package let id: String

    /// Whether somebody other than the process itself says that it is this one.
    package let isVouched: Bool

    /// A sandbox whose id can't be found out, or can't be a real one; also where it can't be seen whether there is a
    /// sandbox.
    package static let unknown = Sandbox(name: "unknown sandbox", id: "unknown sandbox", isVouched: false)

    private init(name: String, id: String, isVouched: Bool) {
        self.name = name
        self.id = id
        self.isVouched = isVouched
    }

    /// A Flatpak; nil unless Flatpak would take the id.
    ///
    /// That is at most 255 characters of at least three parts, each of letters, digits, `_` and, in the last one, `-`, and
    /// none with a digit or `-` first.
    package init?(flatpak name: some StringProtocol, isVouched: Bool = true) {
        let parts = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard name.utf8.count <= 255, parts.count >= 3 else { return nil }
        for (index, part) in parts.enumerated() {
            guard let first = part.first, Self.isLetter(first) || first == UInt8(ascii: "_") else {
                return nil
            }
            let isFine = part.allSatisfy { byte in
                Self.isLetter(byte) || Self.isDigit(byte) || byte == UInt8(ascii: "_")
                    || (byte == UInt8(ascii: "-") && index == parts.count - 1)
            }
            guard isFine else { return nil }
        }
        self.init(name: String(name), id: "flatpak:\(name)", isVouched: isVouched)
    }

    /// A Snap; nil unless snapd would take the name.
    ///
    /// That is at most 40 small letters, digits and single hyphens between them, at least one of them a letter, and for one
    /// of several instances `_` and at most ten letters or digits more.
    package init?(snap name: some StringProtocol, isVouched: Bool = true) {
        let parts = name.utf8.split(separator: UInt8(ascii: "_"), omittingEmptySubsequences: false)
        guard let own = parts.first, (1...2).contains(parts.count), (1...40).contains(own.count),
            own.contains(where: Self.isSmall)
        else { return nil }
        let words = own.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard
            words.allSatisfy({ !$0.isEmpty && $0.allSatisfy { Self.isSmall($0) || Self.isDigit($0) } }),
            parts.dropFirst().allSatisfy({ key in
                (1...10).contains(key.count) && key.allSatisfy { Self.isSmall($0) || Self.isDigit($0) }
            })
        else { return nil }
        self.init(name: String(name), id: "snap:\(name)", isVouched: isVouched)
    }

    /// The sandbox of an id that nobody vouches for any longer; nil if it can't be an id.
    package init?(id: String) {
        let parts = id.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        switch (parts.first, parts.dropFirst().first) {
        case ("flatpak"?, let name?): self.init(flatpak: name, isVouched: false)
        case ("snap"?, let name?): self.init(snap: name, isVouched: false)
        case _ where id == Self.unknown.id: self = .unknown
        default: return nil
        }
    }

    /// What grants and familiarity go by; empty where nobody vouches for it.
    package var program: String { isVouched ? id : "" }

    private static func isSmall(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }

    private static func isLetter(_ byte: UInt8) -> Bool { isSmall(byte | 0x20) && byte >= UInt8(ascii: "A") }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
