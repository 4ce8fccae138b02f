// SPDX-License-Identifier: Apache-2.0

import DisplayText

/// How much room a question's title has for what it names.
struct TitleRoom {
    /// How many letters of a name, a host, or what stands in quotes.
    let quoted: Int
    /// How many columns of a path; nil for all.
    let path: Int?
    /// How many columns a list of names may take.
    let list: Int
    /// How many programs that share the connection are named.
    let askers: Int
    /// What a program is called whose file isn't the one under its path.
    let claimed: String

    /// Where nothing is known that would cut it.
    static let whole = TitleRoom(
        quoted: Wording.titleLimit,
        path: nil,
        list: Wording.titleLimit,
        askers: 4,
        claimed: "a program that calls itself "
    )

    /// Where just a few short lines are drawn.
    static let brief = TitleRoom(quoted: 16, path: 24, list: 24, askers: 2, claimed: "a so-called ")

    /// Where nothing but that has room.
    static let terse = TitleRoom(quoted: 10, path: 16, list: 16, askers: 2, claimed: "a so-called ")

    /// How many columns a host takes there, unless its registrable domain takes more.
    static let briefHost = 28

    /// Whether everything is named.
    var isWhole: Bool { path == nil }

    func quotes(_ text: String) -> String { PlainText.quoted(text, limit: quoted) }

    func names(_ text: String) -> String {
        path.map { PlainText.name(text, columns: $0) } ?? PlainText.name(text, limit: quoted)
    }

    /// A path is cut in front, where it has to be: the end is what tells most.
    func paths(_ text: String) -> String {
        path.map { PlainText.name(text, columns: $0) } ?? PlainText.name(text)
    }

    func hosts(_ text: String) -> String {
        isWhole ? PlainText.host(text, limit: quoted) : PlainText.host(text, columns: Self.briefHost)
    }
}
