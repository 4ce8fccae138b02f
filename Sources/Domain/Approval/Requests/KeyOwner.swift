// SPDX-License-Identifier: Apache-2.0

/// Whom a key belongs to, as it was kept when the key was stored.
package struct KeyOwner: Sendable, Hashable {
    /// The program that associated it: a sandbox's id or an executable's path; empty where it couldn't be found out.
    package var program: String
    /// The Origin that it claimed, for a browser extension.
    package var origin: String?
    /// When the key was stored, in seconds since 1970.
    package var created: UInt64?
    /// When it was last used, in seconds since 1970.
    package var lastUsed: UInt64?
    /// The key's fingerprint; two keys of one program can be as old as each other.
    package var fingerprint: String?
    /// What the person has named it, if anything.
    package var name: String?
    /// What the person calls the extension of that Origin, if anything.
    package var extensionName: String?
    /// What it is restricted to, in words, if to anything.
    package var part: String?

    /// Describes whose key it is.
    package init(
        program: String,
        origin: String? = nil,
        created: UInt64? = nil,
        lastUsed: UInt64? = nil,
        fingerprint: String? = nil,
        name: String? = nil,
        extensionName: String? = nil,
        part: String? = nil
    ) {
        self.program = program
        self.origin = origin
        self.created = created
        self.lastUsed = lastUsed
        self.fingerprint = fingerprint
        self.name = name
        self.extensionName = extensionName
        self.part = part
    }
}
