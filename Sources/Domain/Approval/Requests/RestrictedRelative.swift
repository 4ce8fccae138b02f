// SPDX-License-Identifier: Apache-2.0

/// A client that is restricted and has to do with one that asks to be let in.
package struct RestrictedRelative: Sendable, Hashable {
    /// What it is called.
    package var name: String
    /// What it is restricted to, in words.
    package var part: String
    /// Whether it has the very key that is to be stored anew, which stays restricted then; otherwise it is another one of the
    /// same program.
    package var hasKey: Bool

    /// Describes it.
    package init(name: String, part: String, hasKey: Bool) {
        (self.name, self.part, self.hasKey) = (name, part, hasKey)
    }
}
