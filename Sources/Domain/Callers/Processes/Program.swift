// SPDX-License-Identifier: Apache-2.0

/// What limits, quiet times and grants go by: a program, and the extension inside it that asks.
package struct Program: Hashable, Sendable {
    /// The sandbox's id, else the executable's path (and the script's, for an interpreter).
    ///
    /// Empty where no one program can be named: nobody was found, several unlike ones share the socket, a sandbox's
    /// id can't be read, or the file that runs isn't the one under its path. No grant covers such a program, and no key
    /// was given to it.
    package let id: String

    /// The Origin the request claims, which tells the extensions of one browser apart.
    package let origin: String?

    /// What the kernel vouches for alone, whatever script or Origin is claimed.
    ///
    /// The sandbox's id, else the executable's path; of all those that share the socket. Limits go by it. Empty if
    /// nobody was found.
    package let vouched: String

    /// Keeps all three; what is vouched for is the id unless it is given.
    package init(id: String, origin: String? = nil, vouched: String? = nil) {
        self.id = id
        self.origin = origin
        self.vouched = vouched ?? id
    }

    /// Whether grants and familiarity can go by it.
    package var isKnown: Bool { !id.isEmpty }

    /// Whether an id is that of an interpreter without a script: it stands for whatever that runs without one, such as
    /// each `python3 -c`.
    package static func isAnyScript(_ id: String) -> Bool {
        // A script's path, or `-m` and a module, would follow a space.
        !id.contains(" ") && Interpreter(executable: id) != nil
    }
}
