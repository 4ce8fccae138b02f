// SPDX-License-Identifier: Apache-2.0

import DisplayText

extension ClientRestriction {
    /// What a person calls it: "vault work, groups Web and Mail, host *.example.com".
    package var words: String {
        if isUnreadable { return "nothing" }
        return Self.words(vaults: vaults, groups: groups, hosts: hosts)
    }

    /// The same from its lists.
    package static func words(vaults: [String], groups: [String], hosts: [String]) -> String {
        let names = [vaults, groups].map { $0.map { PlainText.name($0) } }
        // A star isn't put in quotes.
        let parts = zip(["vault", "group", "host"], names + [hosts.map { PlainText.field($0) }])
            .filter { !$0.1.isEmpty }
        guard !parts.isEmpty else { return "everything" }
        return parts.map { "\($0)\($1.count == 1 ? "" : "s") \(joined($1))" }.joined(separator: ", ")
    }

    private static func joined(_ names: [String]) -> String {
        guard let last = names.last, names.count > 1 else { return names.first ?? "" }
        return names.dropLast().joined(separator: ", ") + " and " + last
    }
}
