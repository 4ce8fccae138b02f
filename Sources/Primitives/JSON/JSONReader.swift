// SPDX-License-Identifier: Apache-2.0

package import SecureMemory

/// Reads one JSON text, strictly by RFC 8259.
///
/// Not Foundation's decoder: that one brings megabytes of code for a few flat objects, turns numbers into doubles, and
/// gives neither a limit on depth nor an error text that is fit for a stranger. Of two equal keys the last counts,
/// as with everyone else's reader. Texts come out stream-safe, so that nothing done with them costs more than its length.
package enum JSONReader {
    /// Why a text isn't JSON; says where, and never quotes what is there.
    package struct Fault: Error, Equatable {
        /// What is wrong.
        package let reason: String
        /// Where, in bytes.
        package let offset: Int
    }

    /// How deep arrays and objects may nest; the protocol needs three.
    static let deepest = 32
    /// The same for what is kept in a vault, where other programs may keep things of their own.
    static let deepestKept = 64

    /// Which part of a text is kept; all of it is read.
    package struct Interest: Sendable {
        /// The members of the outermost object that are kept, the last of each; nil for all of them.
        private let names: [Name]?
        /// The member of the outermost object, in whatever case, whose text goes to memory that is wiped.
        let secretMember: String?
        /// How many values there may be in arrays and in inner objects, all together.
        let mostValues: Int

        /// A member's name, and the one under which those that differ from it only in case are kept.
        private struct Name: Sendable {
            let exact: String
            let folded: String
            let bytes: [UInt8]
        }

        /// What is kept; without arguments everything.
        package init(
            members: [String]? = nil,
            secretMember: String? = nil,
            mostValues: Int = .max
        ) {
            names = members?.map { name in
                Name(
                    exact: name,
                    folded: String(decoding: name.utf8.map(\.foldingCase), as: UTF8.self),
                    bytes: Array(name.utf8)
                )
            }
            self.secretMember = secretMember
            self.mostValues = mostValues
        }

        /// Whether anything is left out.
        var isPartial: Bool { names != nil }

        /// Whether a member of the outermost object is the secret one.
        func isSecret(_ name: String) -> Bool { secretMember.map(name.isSame(as:)) ?? false }

        /// What a member whose name is at these places of a text is kept under: its own name, or one name for all that
        /// differ from that in case; nil if it isn't kept.
        func name(in text: some JSONSource, at places: Range<Int>) -> String? {
            guard let names else { return nil }
            for name in names where name.bytes.count == places.count {
                var (isExact, isSame) = (true, true)
                for (offset, byte) in name.bytes.enumerated() where isSame {
                    let other = text[places.lowerBound + offset]
                    if other != byte {
                        isExact = false
                        isSame = other.foldingCase == byte.foldingCase
                    }
                }
                if isSame { return isExact ? name.exact : name.folded }
            }
            return nil
        }

        /// Everything.
        package static let all = Interest()
    }

    /// Reads a text that must be an object.
    ///
    /// - Parameters:
    ///   - bytes: The text.
    ///   - interest: Which part of it is kept.
    ///   - isLenient: Whether control characters may stand in texts as they are, and half of a surrogate pair for U+FFFD,
    ///     as .NET programs have them: for what a person keeps, of which nothing may be lost for them.
    /// - Returns: The members that are kept.
    /// - Throws: Why it isn't one.
    package static func object(
        _ bytes: [UInt8],
        keeping interest: Interest = .all,
        isLenient: Bool = false
    ) throws(Fault) -> JSONObject {
        // Whether all of it is UTF-8, so that what is skipped needn't be checked for that.
        let isUTF8 = interest.isPartial && (try? UTF8Span(validating: bytes.span)) != nil
        var scanner = JSONScanner(
            bytes,
            interest,
            passesOver: isUTF8,
            isLenient: isLenient,
            deepest: isLenient ? deepestKept : deepest
        )
        scanner.begin()
        let start = scanner.position
        guard case .object(let members) = try scanner.value(depth: 0) else {
            throw Fault(reason: "not an object", offset: start)
        }
        try scanner.end()
        return members
    }

    /// Reads a text in secret memory: all texts in it but the members' names go from there to such memory.
    package static func value(of document: SecretBytes) throws(Fault) -> JSONValue {
        let source = SecretSource(bytes: document)
        var scanner = JSONScanner(source, .all, textsAreSecret: true, deepest: deepestKept)
        scanner.begin()
        let value = try scanner.value(depth: 0)
        try scanner.end()
        return value
    }
}
