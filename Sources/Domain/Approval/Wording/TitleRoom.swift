// SPDX-License-Identifier: Apache-2.0

import DisplayText

/// How much room a question's title has for what it names.
struct TitleRoom {
    /// How many letters of a name or a host.
    let named: Int
    /// How many letters of a quoted text.
    let quoted: Int
    /// How many columns of a path; nil for all.
    let path: Int?
    /// How many columns a list of names may take.
    let list: Int
    /// How many programs that share the connection are named.
    let askers: Int
    /// What a program is called whose file isn't the one under its path.
    let claimed: String

    /// Where nothing is known to cut it.
    static let whole = unlimited(quoted: Wording.titleLimit)

    /// Where it leads a text that has room for a long quote.
    static let roomy = unlimited(quoted: 48)

    /// Where it leads a text, whose warnings no long quote is to push out of sight.
    static let leading = unlimited(quoted: 16)

    private static func unlimited(quoted: Int) -> TitleRoom {
        TitleRoom(
            named: Wording.titleLimit,
            quoted: quoted,
            path: nil,
            list: Wording.titleLimit,
            askers: 4,
            claimed: "a program that calls itself "
        )
    }

    /// Where just a few short lines are drawn.
    static let brief = TitleRoom(
        named: 16,
        quoted: 16,
        path: 25,
        list: 24,
        askers: 2,
        claimed: "a so-called "
    )

    /// Where nothing but that has room.
    static let terse = TitleRoom(
        named: 10,
        quoted: 10,
        path: 16,
        list: 16,
        askers: 2,
        claimed: "a so-called "
    )

    /// How many columns a host takes there, unless its registrable domain takes more.
    static let briefHost = 28

    /// Whether everything is named.
    var isWhole: Bool { path == nil }

    /// By its width, too, where that matters: a letter may be drawn as wide as twenty others.
    func quotes(_ text: String) -> String {
        quoted < Wording.titleLimit
            ? PlainText.quoted(text, limit: quoted, columns: min(quoted * 3 / 2, 48))
            : PlainText.quoted(text, limit: quoted)
    }

    /// What is searched for: its end may undo what its beginning says.
    func searches(_ text: String) -> String {
        quoted < Wording.titleLimit
            ? PlainText.quotedEnds(text, limit: quoted, columns: min(quoted * 3 / 2, 48))
            : PlainText.quotedEnds(text, limit: quoted)
    }

    func names(_ text: String) -> String {
        path.map { PlainText.name(text, columns: $0) } ?? PlainText.name(text, limit: named)
    }

    /// A path is cut at the front, if it has to be: its end tells most.
    func paths(_ text: String) -> String {
        path.map { PlainText.name(text, columns: $0) } ?? PlainText.name(text)
    }

    func hosts(_ text: String, as form: HostForm) -> String {
        isWhole
            ? PlainText.host(text, limit: named, as: form)
            : PlainText.host(text, columns: Self.briefHost, as: form)
    }
}
