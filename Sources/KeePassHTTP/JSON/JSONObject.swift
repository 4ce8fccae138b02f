// SPDX-License-Identifier: Apache-2.0

import UnicodeText

/// The members of a JSON object in the order in which they stand, found by name.
///
/// Names are compared byte by byte. One that is longer than any that the protocol has is a member that nobody can ask
/// for; it still counts where all members are read, as in `StringFields`, whose names are ciphertext.
struct JSONObject: Equatable, Sendable {
    struct Member: Equatable, Sendable {
        let name: String
        let value: JSONValue
    }

    /// All of them; of two with one name both.
    private(set) var members: [Member] = []
    private var places: [ByteKey: Int] = [:]

    mutating func append(_ name: String, _ value: JSONValue) {
        if let key = ByteKey(name) { places[key] = members.count }
        members.append(Member(name: name, value: value))
    }

    /// Puts a member in the place of one with the same name, so that of many just one is kept.
    mutating func replace(_ name: String, _ value: JSONValue) {
        guard let place = ByteKey(name).flatMap({ places[$0] }) else { return append(name, value) }
        members[place] = Member(name: name, value: value)
    }

    /// The value of a member, the last one where there are several.
    subscript(name: String) -> JSONValue? {
        ByteKey(name).flatMap { places[$0] }.map { members[$0].value }
    }

    /// The object without the members of a name.
    func without(_ name: String) -> JSONObject {
        members.reduce(into: JSONObject()) { rest, member in
            if !member.name.hasSameBytes(as: name) { rest.append(member.name, member.value) }
        }
    }
}
