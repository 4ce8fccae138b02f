// SPDX-License-Identifier: Apache-2.0

import UnicodeText

/// The members of a JSON object in the order in which they stand, found by name.
///
/// Names are compared byte by byte; if none is the same, one that differs only in the case of ASCII letters counts, as
/// in the plugin. A name longer than any in the protocol belongs to a member that nobody can ask for; it still counts
/// where all members are read, as in `StringFields`, whose names are ciphertext.
package struct JSONObject: Equatable, Sendable {
    /// A name, and what stands under it.
    package struct Member: Equatable, Sendable {
        /// The name.
        package let name: String
        /// The value.
        package let value: JSONValue
    }

    /// All of them; of two with one name both.
    package private(set) var members: [Member] = []
    /// Where they are, for an object with too many to look at each.
    private var places: Places?

    private struct Places: Sendable {
        var exact: [ByteKey: Int] = [:]
        var folded: [ByteKey: Int] = [:]

        mutating func add(_ name: String, at place: Int) {
            guard let key = ByteKey(name) else { return }
            exact[key] = place
            folded[key.foldingCase] = place
        }
    }

    /// How many members are looked at one by one.
    private static let few = 24

    package static func == (left: JSONObject, right: JSONObject) -> Bool { left.members == right.members }

    mutating func append(_ name: String, _ value: JSONValue) {
        members.append(Member(name: name, value: value))
        if places != nil {
            places?.add(name, at: members.count - 1)
        } else if members.count > Self.few {
            places = members.enumerated().reduce(into: Places()) { $0.add($1.element.name, at: $1.offset) }
        }
    }

    /// Puts a member in the place of one with the same name, so that only one of many is kept.
    mutating func replace(_ name: String, _ value: JSONValue) {
        guard let place = place(of: name, isExact: true) else { return append(name, value) }
        members[place] = Member(name: name, value: value)
    }

    /// The value of a member, the last one where there are several.
    package subscript(name: String) -> JSONValue? {
        (place(of: name, isExact: true) ?? place(of: name, isExact: false)).map { members[$0].value }
    }

    private func place(of name: String, isExact: Bool) -> Int? {
        guard name.utf8.count <= ByteKey.longest else { return nil }
        guard let places else {
            return members.lastIndex {
                isExact ? $0.name.hasSameBytes(as: name) : $0.name.isSame(as: name)
            }
        }
        return ByteKey(name).flatMap { isExact ? places.exact[$0] : places.folded[$0.foldingCase] }
    }

    /// The object without the members of a name, whatever its case.
    package func without(_ name: String) -> JSONObject {
        guard members.contains(where: { $0.name.isSame(as: name) }) else { return self }
        return members.reduce(into: JSONObject()) { rest, member in
            if !member.name.isSame(as: name) { rest.append(member.name, member.value) }
        }
    }
}

extension String {
    /// Whether two names are the same but for the case of ASCII letters.
    func isSame(as name: String) -> Bool {
        utf8.count == name.utf8.count && zip(utf8, name.utf8).allSatisfy { $0.foldingCase == $1.foldingCase }
    }
}

extension ByteKey {
    /// The key in small letters, as far as they are ASCII.
    var foldingCase: ByteKey {
        guard text.utf8.contains(where: { $0 != $0.foldingCase }) else { return self }
        return ByteKey(String(decoding: text.utf8.map(\.foldingCase), as: UTF8.self)) ?? self
    }
}

extension UInt8 {
    var foldingCase: UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self
    }
}
