// SPDX-License-Identifier: Apache-2.0

import Operations
import Vault

extension Policy {
    /// Reads the tables that the operations ask, and lays each `[[client]]` over them.
    mutating func read(_ document: TableReader) throws(KeyProblem) {
        match = try document.table("match") { table throws(KeyProblem) in
            try MatchOptions(reading: table)
        }
        recipe = try document.table("generate") { table throws(KeyProblem) in
            try PasswordRecipe(reading: table)
        }
        var rules = ClientRules()
        for part in RulePart.allCases {
            try document.table(part.rawValue) { table throws(KeyProblem) in
                try rules.read(part, table)
                try table.finish()
            }
        }
        standard = rules
        exceptions = try Self.exceptions(in: document, over: rules)
    }

    /// Reads every `[[client]]`.
    private static func exceptions(
        in document: TableReader,
        over standard: ClientRules
    ) throws(KeyProblem) -> [String: ClientRules] {
        var exceptions: [String: ClientRules] = [:]
        _ = try document.tables("client") { table throws(KeyProblem) in
            guard let id = try table.name("id") else {
                throw table.problem("id", "needs the client's Id")
            }
            guard exceptions[id] == nil else {
                throw table.problem("id", "\"\(id)\" has a table already")
            }
            var rules = standard
            rules.anyProgram = try table.bool("any_program") ?? rules.anyProgram
            try rules.read(forClient: table)
            try table.finish()
            exceptions[id] = rules
        }
        return exceptions
    }
}
