// SPDX-License-Identifier: Apache-2.0

import Approval

/// A choice among the logins of a request: one after the other, a key each, then once more for all.
struct EntryPicking: Equatable {
    private let entries: [RequestDetails.Entry]
    private let more: Int
    private var place = 0
    private var chosen: [RequestDetails.Entry] = []

    /// What a key has led to.
    enum Step: Equatable {
        case ask(String)
        case allow([String])
        /// Nothing is allowed; with what to say about it, if there is anything to say.
        case stop(String?)
    }

    /// Starts at the first of a request's entries; nil where there is nothing to choose.
    init?(_ request: RequestDetails) {
        guard request.kind == .release, request.entries.count > 1 else { return nil }
        entries = request.entries
        more = request.entryCount - request.entries.count
    }

    /// How many are named at the end: in a small window the question must not push away what it is about.
    private static let named = 3

    /// Whether all have been gone through, so that the next key allows.
    var isComplete: Bool { place == entries.count }

    /// What is asked now.
    var question: String {
        guard place < entries.count else {
            let rest = chosen.count > Self.named ? " and \(chosen.count - Self.named) more" : ""
            return "Allow \(Amount.of(chosen.count, "login")): "
                + chosen.prefix(Self.named).map(\.name).joined(separator: ", ") + rest
                + "? [y] or Enter: yes  [any other key] no"
        }
        let which = "\(place + 1)/\(entries.count)  \(entries[place].name)"
        return which + "  [y] with it  [n] without  [Esc] go back"
    }

    /// Takes a key.
    mutating func take(_ key: UInt8) -> Step {
        guard place < entries.count else {
            return [UInt8(ascii: "y"), 10, 13].contains(key) ? .allow(chosen.map(\.uuid)) : .stop(nil)
        }
        switch key {
        case UInt8(ascii: "y"): chosen.append(entries[place])
        case UInt8(ascii: "n"): break
        case 27: return .stop(nil)
        default: return .ask(question)
        }
        place += 1
        guard place == entries.count else { return .ask(question) }
        guard !chosen.isEmpty else { return .stop("None chosen; d denies them all.") }
        let rest = more > 0 ? "The other \(Amount.of(more, "login")) can't be chosen here.\n" : ""
        return .ask(rest + question)
    }
}
