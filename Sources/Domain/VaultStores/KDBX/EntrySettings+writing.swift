// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Vault

extension EntrySettings {
    /// The field's text with other settings; nil where nothing is left to say.
    ///
    /// Only what differs is touched: other programs keep members of their own in this field, and write hosts in other
    /// ways. A text that can't be read means nothing to anybody, and is replaced.
    /// - Parameters:
    ///   - former: The text as it is.
    ///   - old: The settings that it was read as.
    ///   - new: The settings that it is to be read as.
    /// - Returns: The text, its members in the order of their names.
    static func text(
        _ former: SecretBytes?,
        from old: EntrySettings,
        to new: EntrySettings
    ) -> SecretBytes? {
        let unset: [String: SecretJSON] = ["Allow": .array([]), "Deny": .array([]), "Realm": .null]
        var members = former.flatMap { SecretJSON($0) }?.object ?? [:]
        members.merge(unset) { known, _ in known }
        members["Allow"] = list(members["Allow"], from: old.allow, to: new.allow)
        members["Deny"] = list(members["Deny"], from: old.deny, to: new.deny)
        if new.realm != old.realm {
            members["Realm"] = new.realm.map { .text(SecretBytes(utf8: $0)) } ?? .null
        }
        guard !new.isEmpty || members.contains(where: { unset[$0.key] == nil }) else { return nil }
        return SecretJSON.object(members).written()
    }

    /// A list of hosts with the new ones after the others.
    private static func list(
        _ former: SecretJSON?,
        from old: Set<String>,
        to new: Set<String>
    ) -> SecretJSON? {
        guard old != new else { return former }
        let gone = old.subtracting(new)
        let kept = (former?.array ?? []).filter { element in
            let host = element.text?.exposedText().map { EntrySettings(allow: [$0]).allow }
            return host.map { $0.isDisjoint(with: gone) } ?? true
        }
        let added = new.subtracting(old).sorted().map { SecretJSON.text(SecretBytes(utf8: $0)) }
        return .array(kept + added)
    }
}
