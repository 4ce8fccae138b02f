// SPDX-License-Identifier: Apache-2.0

import UnicodeText

/// The members of a JSON object in the order in which they stand, found by name.
///
/// Names are compared byte by byte; where none is the same, one counts that differs in the case of ASCII letters
/// alone, as the plugin reads it. One that is longer than any that the protocol has is a member that nobody can ask
/// for; it still counts where all members are read, as in `StringFields`, whose names are ciphertext.
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
    private var places: [ByteKey: Int] = [:]
    private var foldedPlaces: [ByteKey: Int] = [:]

    mutating func append(_ name: String, _ value: JSONValue) {
        if let key = ByteKey(name) {
            places[key] = members.count
            foldedPlaces[key.foldingCase] = members.count
        }
        members.append(Member(name: name, value: value))
    }

    /// Puts a member in the place of one with the same name, so that of many just one is kept.
    mutating func replace(_ name: String, _ value: JSONValue) {
        guard let place = ByteKey(name).flatMap({ places[$0] }) else { return append(name, value) }
        members[place] = Member(name: name, value: value)
    }

    /// The value of a member, the last one where there are several.
    package subscript(name: String) -> JSONValue? {
        ByteKey(name).flatMap { places[$0] ?? foldedPlaces[$0.foldingCase] }.map { members[$0].value }
    }

    /// The object without the members of a name, whatever its case.
    package func without(_ name: String) -> JSONObject {
        members.reduce(into: JSONObject()) { rest, member in
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
    fileprivate var foldingCase: UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self
    }
}
