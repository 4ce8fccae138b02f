// SPDX-License-Identifier: Apache-2.0

import DisplayText
import Glibc
import Operations

extension Configuration {
    /// The settings that have no effect as they are: nothing is wrong with them, but they may have been meant
    /// differently.
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
        let encrypted = http.certificate.map { _ in ("http.tls_port", http.tlsPort) }
        advice += [("http.port", http.port), encrypted].compactMap(\.self).compactMap { key, port in
            ReservedPort.advice(on: port, key, uid: getuid(), first: ReservedPort.firstFree)
        }
        if http.certificate == nil, http.tlsPort != HTTPSettings().tlsPort {
            advice.append(
                ConfigurationAdvice(
                    key: "http.tls_port",
                    text: "nothing listens there, for there is no certificate",
                    cure: "Run `keybell certificate` and name what it makes, or take it out."
                )
            )
        }
        for (index, vault) in vaults.enumerated() {
            guard let password = vault.password, vault.remembersPassword else { continue }
            advice.append(
                ConfigurationAdvice(
                    key: "vault[\(index)].remember_password",
                    text:
                        "no password of the vault \(PlainText.quoted(vault.name)) is remembered, for its password is \"\(password.rawValue)\"",
                    cure: "Take one of the two out."
                )
            )
        }
        return advice + uselessBulkSettings
    }

    /// If nobody is asked, `ask_bulk` has no effect: with "granted" only what was granted goes out, with "never"
    /// everything.
    private var uselessBulkSettings: [ConfigurationAdvice] {
        func advice(_ key: String, _ rules: ClientRules) -> ConfigurationAdvice? {
            guard rules.access == .granted, rules.bulkAccess == .never else { return nil }
            return ConfigurationAdvice(
                key: key,
                text: "it has no effect, for ask is \"granted\": what wasn't granted isn't handed out",
                cure: "Set ask = \"unless-granted\" or \"never\" beside it, or take it out."
            )
        }
        let standard = advice("access.ask_bulk", policy.standard)
        let clients = policy.exceptions.sorted { $0.key < $1.key }.compactMap { id, rules in
            // What applies to all is reported once.
            standard == nil ? advice("[[client]] \(PlainText.field(id)): access.ask_bulk", rules) : nil
        }
        return [standard].compactMap(\.self) + clients
    }
}
