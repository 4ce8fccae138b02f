// SPDX-License-Identifier: Apache-2.0

import DisplayText
package import Vault

/// Yes or no.
package enum Decision: String, Sendable, Hashable, CaseIterable {
    /// Yes.
    case allow
    /// No.
    case deny
}

/// For how long a decision is to be remembered.
package enum GrantScope: String, Sendable, Hashable, CaseIterable {
    /// Not at all.
    case once
    /// Until lock, logout or the daemon's end.
    case session
    /// Until it is forgotten.
    case always
}

/// What of a login can be left out, so that its title and user name go out without it.
package enum ReleasePart: String, Sendable, Hashable, CaseIterable {
    /// The password.
    case passwords
    /// The string fields.
    case fields

    /// Reads what to leave out; both for an empty list, since whoever names nothing doesn't mean that everything should
    /// go out.
    ///
    /// - Throws: `invalidAnswer` for any other word.
    static func read(_ names: [String]) throws(AnswerError) -> Set<ReleasePart> {
        var parts: Set<ReleasePart> = []
        for name in names {
            guard let part = ReleasePart(rawValue: name) else {
                throw .invalidAnswer("fields says what is left out: passwords, fields or both")
            }
            parts.insert(part)
        }
        return parts.isEmpty ? Set(allCases) : parts
    }
}

/// What the person chose in addition to the decision.
package struct Choices: Sendable, Hashable {
    /// Associate: the name to give.
    package var id: String?
    /// Associate: whether the person has chosen that name, rather than left the suggested one.
    package var isNamedByPerson = false
    /// A denial: whether the person had allowed it, and did not confirm that.
    package var wasUnconfirmed = false
    /// Associate and overwrite: what the client is restricted to; nil to leave that as it is.
    package var restriction: ClientRestriction?
    /// Release: what doesn't go out of what was asked for.
    package var leftOut: Set<ReleasePart>
    /// Release: allow just these uuids.
    package var entries: [String]?
    /// For how long it is remembered.
    package var scope: GrantScope
    /// With `session`: how long at most.
    package var seconds: UInt32?
    /// With deny: how long this program's requests are denied unseen.
    package var muteSeconds: UInt32?

    /// Chooses; with nothing given, once and everything.
    package init(
        id: String? = nil,
        entries: [String]? = nil,
        scope: GrantScope = .once,
        seconds: UInt32? = nil,
        muteSeconds: UInt32? = nil,
        isNamedByPerson: Bool = false,
        leftOut: Set<ReleasePart> = [],
        restriction: ClientRestriction? = nil
    ) {
        self.id = id
        self.entries = entries
        self.scope = scope
        self.seconds = seconds
        self.muteSeconds = muteSeconds
        self.isNamedByPerson = isNamedByPerson
        self.leftOut = leftOut
        self.restriction = restriction
    }
}

extension Choices {
    /// What every asker but the first gets: the decision is remembered once, for the question that was shown.
    var forOthers: Choices {
        var choices = self
        (choices.scope, choices.seconds) = (.once, nil)
        return choices
    }
}

/// A choice as it comes over the bus, before anybody knows whether it makes sense.
package enum ChoiceValue: Sendable, Hashable {
    /// A string.
    case text(String)
    /// An array of strings.
    case list([String])
    /// An unsigned 32-bit number.
    case number(UInt32)
    /// Some other type, which no choice has.
    case other
}

extension Choices {
    /// Reads the choices of the bus.
    ///
    /// A key that isn't known is refused rather than ignored: somebody who mistypes `entries` must not allow all.
    ///
    /// - Throws: `invalidAnswer` with the reason.
    package init(reading fields: [String: ChoiceValue]) throws(AnswerError) {
        self.init()
        var part: [String: [String]] = [:]
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            switch (key, value) {
            case ("id", .text(let text)):
                id = text
            case ("entries", .list(let uuids)):
                entries = uuids
            case ("vaults", .list(let names)), ("groups", .list(let names)), ("hosts", .list(let names)):
                part[key] = names
            case ("fields", .list(let names)):
                leftOut = try ReleasePart.read(names)
            case ("scope", .text(let text)):
                guard let known = GrantScope(rawValue: text) else {
                    throw .invalidAnswer("scope must be once, session or always")
                }
                scope = known
            case ("seconds", .number(let number)):
                seconds = number
            case ("mute-seconds", .number(let number)):
                muteSeconds = number
            case ("id", _), ("scope", _):
                throw .invalidAnswer("\(key) must be a string")
            case ("entries", _), ("fields", _), ("vaults", _), ("groups", _), ("hosts", _):
                throw .invalidAnswer("\(key) must be an array of strings")
            case ("seconds", _), ("mute-seconds", _):
                throw .invalidAnswer("\(key) must be an unsigned 32-bit number")
            default:
                throw .invalidAnswer("unknown choice: \(PlainText.field(key, limit: 40))")
            }
        }
        // Empty lists say nothing: what comes with a name that is taken over is lifted by `restrict` alone.
        guard part.values.contains(where: { !$0.isEmpty }) else { return }
        do throws(RestrictionError) {
            restriction = try ClientRestriction(
                vaults: part["vaults"] ?? [],
                groups: part["groups"] ?? [],
                hosts: part["hosts"] ?? []
            )
        } catch {
            throw .invalidAnswer(error.advice)
        }
    }
}

extension Decision {
    /// Reads the decision of the bus.
    ///
    /// - Throws: `invalidAnswer` if it is neither.
    package init(reading text: String) throws(AnswerError) {
        guard let decision = Decision(rawValue: text) else {
            throw .invalidAnswer("decision must be allow or deny")
        }
        self = decision
    }
}
