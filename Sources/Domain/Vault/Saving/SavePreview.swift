// SPDX-License-Identifier: Apache-2.0

/// What a save would do, for the person to see before it is done.
package struct SavePreview: Equatable, Sendable {
    /// The login as it is stored now, or nil if a new one would be made.
    package var stored: Login?
    /// The names of what would change: `Name`, `Login`, `Password`, `Url`, `Realm`, `Allow`, then string fields.
    package var changedFields: [String]
    /// The hosts at which the login would match, or be allowed, that it had nothing to do with before.
    package var newHosts: [String]
    /// The hosts at which it matches now and would no longer.
    package var lostHosts: [String]

    /// Describes a save.
    package init(
        stored: Login?,
        changedFields: [String],
        newHosts: [String],
        lostHosts: [String] = []
    ) {
        self.stored = stored
        self.changedFields = changedFields
        self.newHosts = newHosts
        self.lostHosts = lostHosts
    }

    /// Whether it would make a login.
    package var isNew: Bool { stored == nil }
    /// Whether it would leave everything as it is.
    package var isUnchanged: Bool { !isNew && changedFields.isEmpty }
}
