// SPDX-License-Identifier: Apache-2.0

import DisplayText
package import Vault

/// A client that the person has let in, without its key.
package struct Client: Hashable, Sendable, Identifiable {
    /// What it calls itself in requests, for good.
    package let id: String
    /// What the person calls it, if not by its Id.
    package var name: String?
    /// The first bytes of its key's SHA-256, for a person to compare.
    package let fingerprint: String
    /// When its key was stored, in seconds since 1970.
    package let created: UInt64
    /// When it was last verified, in seconds since 1970; to the day after a restart of the daemon.
    package var lastUsed: UInt64?
    /// The program that associated it.
    package let program: String
    /// The Origin that associated it, for a browser extension.
    package let origin: String?
    /// What the person calls that extension, if anything: Firefox gives one a random Origin in each profile.
    package var extensionName: String?
    /// The Hash of the vault at that time.
    package let database: String
    /// Whether it has once sent a right Hmac, and is held to it since.
    package var usesHmac: Bool
    /// What it is restricted to.
    package var restriction: ClientRestriction

    /// Describes a client.
    package init(
        id: String,
        name: String? = nil,
        fingerprint: String,
        created: UInt64,
        lastUsed: UInt64? = nil,
        program: String,
        origin: String? = nil,
        extensionName: String? = nil,
        database: String = "",
        usesHmac: Bool = false,
        restriction: ClientRestriction = .everything
    ) {
        self.id = id
        self.name = name
        self.fingerprint = fingerprint
        self.created = created
        self.lastUsed = lastUsed
        self.program = program
        self.origin = origin
        self.extensionName = extensionName
        self.database = database
        self.usesHmac = usesHmac
        self.restriction = restriction
    }

    /// What to call it before a person.
    package var shownName: String { name ?? id }

    /// Whether it is shown in quotes just as a text would be, in which other quotation marks stand for those it has.
    package func isShown(as text: String) -> Bool {
        guard let clean = PlainName(cleaning: text)?.text else { return false }
        return [id, shownName].contains { PlainText.quoted($0) == PlainText.quoted(clean) }
    }
}
