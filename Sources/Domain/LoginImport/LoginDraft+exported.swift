// SPDX-License-Identifier: Apache-2.0

import LoginExport
import SecureMemory
import Vault

extension LoginDraft {
    /// The new login that one of another program's becomes; of more string fields than a login may have, only so many
    /// that it is refused.
    init(_ exported: ExportedLogin) {
        self.init(
            username: exported.username,
            password: exported.password,
            url: exported.urls.first ?? "",
            title: exported.title,
            group: exported.group,
            isGroupPath: true,
            realm: exported.realm.isEmpty ? nil : exported.realm
        )
        if !exported.notes.isEmpty { fields["Notes"] = exported.notes }
        if !exported.otp.isEmpty { fields["otp"] = exported.otp }
        var further = 0
        for url in exported.urls.dropFirst().prefix(Self.mostFields + 1) {
            fields[further == 0 ? "KP2A_URL" : "KP2A_URL_\(further)"] = SecretBytes(utf8: url)
            further += 1
        }
        for (name, value) in exported.fields.prefix(Self.mostFields + 1) { fields[freeName(name)] = value }
    }

    /// The name for a string field of which there may be one already.
    private func freeName(_ name: String) -> String {
        guard fields[name] != nil else { return name }
        // More than this many make it be refused anyhow.
        let number = (2...(Self.mostFields + 2)).first { fields["\(name) \($0)"] == nil }
        return "\(name) \(number ?? 0)"
    }
}
