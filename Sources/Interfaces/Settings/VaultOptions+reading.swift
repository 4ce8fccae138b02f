// SPDX-License-Identifier: Apache-2.0

import Vault

extension MatchOptions {
    init(reading table: TableReader) throws(KeyProblem) {
        self.init()
        bestOnly = try table.bool("best_only") ?? bestOnly
        schemes = try table.bool("schemes") ?? schemes
        hideExpired = try table.bool("hide_expired") ?? hideExpired
        sortBy = try table.choice("sort_by") ?? sortBy
        try table.finish()
    }
}

extension PasswordRecipe {
    init(reading table: TableReader) throws(KeyProblem) {
        self.init()
        length = try table.integer("length", in: 4...512) ?? length
        if let chosen: [CharacterClass] = try table.choices("classes") {
            guard !chosen.isEmpty else { throw table.problem("classes", "must name at least one class") }
            classes = chosen
        }
        try table.finish()
    }
}
