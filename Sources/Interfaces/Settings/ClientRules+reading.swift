// SPDX-License-Identifier: Apache-2.0

import Operations
import UnicodeText

/// A table whose keys may differ for one client.
enum RulePart: String, CaseIterable {
    case access
    case save
    case fields
    case `protocol`
}

extension ClientRules {
    /// Reads the keys of one table; those that aren't there stay as they are.
    ///
    /// `asksToSave` says whether `ask` in this table can be the one of `[save]`.
    mutating func read(_ part: RulePart, _ table: TableReader, asksToSave: Bool = true)
        throws(KeyProblem)
    {
        switch part {
        case .access:
            access = try table.choice("ask") ?? access
            bulkAccess = try table.choice("ask_bulk") ?? bulkAccess
        case .save:
            if asksToSave, let ask: Ask = try table.choice("ask") { (saving, isSavingWritten) = (ask, true) }
            saveGroup = try table.text("group")?.composed ?? saveGroup
        case .fields:
            returnsFields = try table.bool("return") ?? returnsFields
            onlyKPHFields = try table.bool("only_kph") ?? onlyKPHFields
        case .protocol:
            if let text = try table.text("version") {
                guard Self.isVersion(text) else {
                    throw table.problem(
                        "version",
                        "\"\(text)\" is not four numbers with dots, at least 1.4.0.0"
                    )
                }
                version = text
            }
            passwordsInGetAllLogins =
                try table.bool("passwords_in_get_all_logins") ?? passwordsInGetAllLogins
            groups = try table.bool("groups") ?? groups
        }
    }

    /// Reads a `[[client]]` table: the keys directly (`groups = false`), or under the names of their tables.
    ///
    /// `ask` stands in two tables: directly it means the one of `[access]`, and `save.ask` the other.
    mutating func read(forClient table: TableReader) throws(KeyProblem) {
        let others = self
        isSavingWritten = false
        for part in RulePart.allCases {
            let nested = try table.table(part.rawValue) { nested throws(KeyProblem) in
                try read(part, nested)
                try nested.finish()
                return nested
            }
            for key in part.keys where key != "ask" || part == .access {
                guard !table.has(key) || !nested.has(key) else {
                    throw table.problem(key, "is there twice, also as \(part.rawValue).\(key)")
                }
            }
        }
        for part in RulePart.allCases { try read(part, table, asksToSave: false) }
        // The others' rule says nothing about a client that is never asked about.
        if access != .granted || others.access == .granted {
            isSavingWritten = isSavingWritten || others.isSavingWritten
        }
    }

    /// Whether clients can read a version: four numbers, and at least 1400 with the dots taken out, since some
    /// compare it so.
    static func isVersion(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let isNumeric = parts.allSatisfy { part in
            1...4 ~= part.utf8.count
                && part.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        }
        guard parts.count == 4, isNumeric, let number = Int(parts.joined()) else { return false }
        return number >= 1400
    }
}

extension RulePart {
    /// The keys of its table.
    fileprivate var keys: [String] {
        switch self {
        case .access: ["ask", "ask_bulk"]
        case .save: ["ask", "group"]
        case .fields: ["return", "only_kph"]
        case .protocol: ["version", "passwords_in_get_all_logins", "groups"]
        }
    }
}
