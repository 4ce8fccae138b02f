// SPDX-License-Identifier: Apache-2.0

extension Configuration {
    /// The settings that do nothing as they are: nothing is wrong with them, but they may have been meant otherwise.
    package var uselessSettings: [ConfigurationAdvice] {
        var advice: [ConfigurationAdvice] = []
        if approval.confirmation != .none, approval.confirmedKinds.isEmpty {
            advice.append(
                ConfigurationAdvice(
                    key: "approval.confirm_with",
                    text: "no request is confirmed, for confirm_kinds names no kind",
                    cure: "Name the kinds, such as confirm_kinds = [\"release\"], or take it out."
                )
            )
        }
        if approval.confirmation == .none, !approval.confirmedKinds.isEmpty {
            advice.append(
                ConfigurationAdvice(
                    key: "approval.confirm_kinds",
                    text: "no request is confirmed, for confirm_with is \"\"",
                    cure: "Set confirm_with = \"pinentry\", or take it out."
                )
            )
        }
        for (index, vault) in vaults.enumerated() {
            guard let password = vault.password, vault.remembersPassword else { continue }
            advice.append(
                ConfigurationAdvice(
                    key: "vault[\(index)].remember_password",
                    text: "no password is remembered, for password is \"\(password.rawValue)\"",
                    cure: "Take one of the two out."
                )
            )
        }
        return advice
    }
}
