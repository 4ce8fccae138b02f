// SPDX-License-Identifier: Apache-2.0

import DisplayText
import Operations
import Settings

/// Says what the configuration lets out without a question, and which of its `[[client]]` tables match no client.
enum PolicyCheck {
    /// Looks at the rules.
    ///
    /// - Parameters:
    ///   - configuration: What is in force.
    ///   - clients: The Ids that have a key; nil where they can't be read now.
    /// - Returns: What there is to say.
    static func findings(_ configuration: Configuration, clients: [String]?) -> [Finding] {
        let policy = configuration.policy
        var findings = findings(of: policy.standard, whose: "every client", table: "[access]", besides: nil)
        for (id, rules) in policy.exceptions.sorted(by: { $0.key < $1.key }) {
            let name = PlainText.quoted(id)
            findings += Self.findings(
                of: rules,
                whose: "the client \(name)",
                table: "its [[client]]",
                besides: policy.standard
            )
            guard let clients, !clients.contains(id) else { continue }
            findings.append(
                .warning(
                    "Configuration",
                    "a [[client]] table is for \(name), and no client has that Id",
                    do: "`keybell clients` lists the Ids; correct `id`, or take the table out."
                )
            )
        }
        return findings
    }

    /// What rules allow that others don't.
    private static func findings(
        of rules: ClientRules,
        whose: String,
        table: String,
        besides others: ClientRules?
    ) -> [Finding] {
        var findings: [Finding] = []
        if rules.access == .never, others?.access != .never {
            findings.append(
                .warning(
                    "Access",
                    "\(whose) gets the logins of any page that it names, without a question (ask = \"never\")",
                    do:
                        "If that isn't meant, set ask = \"unless-granted\" in \(table): you are asked once for each host."
                )
            )
        }
        if rules.access == .granted, others?.access != .granted {
            findings.append(
                .ok(
                    "Access",
                    "\(whose) gets what you have granted and nothing else, and nobody is asked (ask = \"granted\")"
                )
            )
        }
        if rules.access != .granted, rules.bulkAccess == .never, others?.bulkAccess != .never {
            findings.append(
                .warning(
                    "Access",
                    "\(whose) may read whole vaults without a question (ask_bulk = \"never\")",
                    do: "If that isn't meant, set ask_bulk = \"always\" in \(table)."
                )
            )
        }
        if rules.saving == .never, others?.saving != .never {
            findings.append(
                .warning(
                    "Access",
                    "\(whose) makes and changes logins without a question (save: ask = \"never\")",
                    do:
                        "If that isn't meant, set ask = \"always\" under [save], or save.ask in its [[client]]."
                )
            )
        }
        return findings
    }
}
