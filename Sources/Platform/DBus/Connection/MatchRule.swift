// SPDX-License-Identifier: Apache-2.0

/// Which signals a subscription is about.
struct MatchRule: Hashable, Sendable {
    var sender: String?
    var path: ObjectPath?
    var interface: String?
    var member: String?
    /// The first argument, if it has to be this string.
    var firstArgument: String?

    /// The changes of one name's owner.
    static func ownerChanges(of name: String) -> MatchRule {
        MatchRule(
            sender: BusName.daemon.text,
            path: "/org/freedesktop/DBus",
            interface: "org.freedesktop.DBus",
            member: "NameOwnerChanged",
            firstArgument: name
        )
    }

    /// The changes of every name's owner: whoever connects gets a name, too.
    static let connections = MatchRule(
        sender: BusName.daemon.text,
        path: "/org/freedesktop/DBus",
        interface: "org.freedesktop.DBus",
        member: "NameOwnerChanged"
    )

    /// The rule as AddMatch takes it.
    var text: String {
        let parts: [(String, String?)] = [
            ("sender", sender), ("path", path?.text), ("interface", interface), ("member", member),
            ("arg0", firstArgument),
        ]
        let given = parts.compactMap { key, value in value.map { "\(key)=\(Self.quoted($0))" } }
        return (["type='signal'"] + given).joined(separator: ",")
    }

    /// Whether a signal's header fits; the owner of a well-known sender is looked up by `owner`.
    ///
    /// The bus has looked already, but not for this rule alone: a connection gets what any of its rules lets
    /// through, and what anybody sends straight to it.
    func admits(_ signal: borrowing RawMessage, owner: (String) -> String?) -> Bool {
        if let sender {
            let expected = sender.hasPrefix(":") || sender == BusName.daemon.text ? sender : owner(sender)
            guard let expected, signal.sender == expected else { return false }
        }
        if let path, signal.path != path { return false }
        if let interface, signal.interface != interface { return false }
        if let member, signal.member != member { return false }
        return true
    }

    /// Whether the arguments fit as well.
    func admits(_ body: [Value]) -> Bool {
        firstArgument == nil || body.first == firstArgument.map { .string($0) }
    }

    /// In a match rule an apostrophe can only stand outside the quotes, behind a backslash.
    private static func quoted(_ text: String) -> String {
        let escaped = text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#)
        return "'\(escaped)'"
    }
}
