// SPDX-License-Identifier: Apache-2.0

/// What limits, quiet times and grants are counted by: a program, and the extension inside it that asks.
package struct Program: Hashable, Sendable {
    /// The sandbox's id, else the executable's path (and the script's, for an interpreter); empty if unknown.
    package let id: String

    /// The Origin the request claims, which tells the extensions of one browser apart.
    package let origin: String?

    /// Keeps both.
    package init(id: String, origin: String? = nil) {
        self.id = id
        self.origin = origin
    }
}

/// Who rings: the user and the processes at the other end of a connection.
///
/// All but `origin` and `userAgent`, which the peer claims, and scripts, is what the kernel says.
package struct Caller: Hashable, Sendable {
    /// The user who owns the other end.
    package let uid: UInt32

    /// Every process that holds the other end, the oldest first.
    package let holders: [ProcessIdentity]

    /// The one that asks (the oldest holder), then its parents.
    package let processes: [ProcessRecord]

    /// The Flatpak or Snap it runs in.
    package let sandbox: String?

    /// The `Origin` header, as claimed.
    package let origin: String?

    /// The `User-Agent` header, as claimed.
    package let userAgent: String?

    /// Whether the other end was gone before anybody could be found at it.
    package let hasLeft: Bool

    /// Keeps what was found out.
    package init(
        uid: UInt32,
        holders: [ProcessIdentity],
        processes: [ProcessRecord],
        sandbox: String? = nil,
        origin: String? = nil,
        userAgent: String? = nil,
        hasLeft: Bool = false
    ) {
        self.uid = uid
        self.holders = holders
        self.processes = processes
        self.sandbox = sandbox
        self.origin = origin
        self.userAgent = userAgent
        self.hasLeft = hasLeft
    }

    /// A caller of whom nothing but the user could be found out.
    package static func unknown(uid: UInt32, origin: String? = nil, userAgent: String? = nil) -> Caller {
        Caller(uid: uid, holders: [], processes: [], origin: origin, userAgent: userAgent)
    }

    /// Whether an asking process was found.
    package var isKnown: Bool { !processes.isEmpty }

    /// The asking process's number.
    package var pid: Int32? { processes.first?.identity.pid }

    /// The asking process's executable; empty if unknown.
    package var executable: String { processes.first?.executable ?? "" }

    /// The program that asks.
    package var program: Program {
        guard sandbox == nil, let asker = processes.first else {
            return Program(id: sandbox ?? "", origin: origin)
        }
        return Program(
            id: ([asker.executable] + [asker.script].compactMap(\.self)).joined(separator: " "),
            origin: origin
        )
    }
}
