// SPDX-License-Identifier: Apache-2.0

package import Linux

/// Who asks: the user and the processes at the other end of a connection.
///
/// All but `origin` and `userAgent`, which the peer claims, and scripts, is what the kernel says.
package struct Caller: Hashable, Sendable {
    /// The user who owns the other end.
    package let uid: UInt32

    /// The other end, for another look; nil where that is of no use.
    package let socket: SocketOwner?

    /// Every process that has had the other end since the request's first byte: none of them may answer it.
    package let holders: [ProcessIdentity]

    /// The processes that may be the one that asks: those of the holders that aren't descendants of others that run the same
    /// program.
    ///
    /// More than one where a descriptor was handed on, or is kept in another process, too. Empty if nobody has the
    /// socket.
    package let askers: [Holder]

    /// The Flatpaks and Snaps in which holders run, each once.
    package let sandboxes: [Sandbox]

    /// The program that asks.
    package let program: Program

    /// The `Origin` header, as claimed.
    package let origin: String?

    /// The `User-Agent` header, as claimed.
    package let userAgent: String?

    /// Whether these are all who could be found, at every look.
    ///
    /// False where a look at the other end, while it was open, found nobody or wasn't finished: then somebody who can't
    /// be seen may have it, too.
    package let isComplete: Bool

    /// Whether the other end was gone before anybody could be found at it.
    package let hasLeft: Bool

    /// Puts together what looks at a socket have found.
    ///
    /// - Parameters:
    ///   - socket: The other end.
    ///   - present: Who holds it now; if nobody does, nobody is known to ask.
    ///   - earlier: Who has held it since the request's first byte.
    ///   - departed: Those of them about whom nothing else could be found out; nobody knows which program they were.
    ///   - isComplete: Whether these are all who could be found, at every look.
    ///   - origin: As claimed.
    ///   - userAgent: As claimed.
    ///   - hasLeft: Whether the other end is gone.
    package init(
        socket: SocketOwner,
        present: [Holder],
        earlier: [Holder] = [],
        departed: [ProcessIdentity] = [],
        isComplete: Bool = true,
        origin: String? = nil,
        userAgent: String? = nil,
        hasLeft: Bool = false
    ) {
        let all = present.union(earlier)
        uid = socket.uid
        self.socket = socket
        holders = Self.distinct(all.map(\.process.identity) + departed)
        askers = present.isEmpty ? [] : all.possibleAskers
        sandboxes = Self.distinct(all.compactMap(\.sandbox))
        self.isComplete = isComplete
        program = Self.program(askers, sandboxes, origin, isCertain: isComplete && departed.isEmpty)
        self.origin = origin
        self.userAgent = userAgent
        self.hasLeft = hasLeft
    }

    /// Keeps what is known of one asking process, then its parents.
    package init(
        uid: UInt32,
        holders: [ProcessIdentity],
        processes: [ProcessRecord],
        sandbox: Sandbox? = nil,
        streams: Set<String> = [],
        origin: String? = nil,
        userAgent: String? = nil,
        hasLeft: Bool = false
    ) {
        self.uid = uid
        socket = nil
        isComplete = true
        self.holders = holders
        askers = [Holder(processes: processes, sandbox: sandbox, streams: streams)].compactMap(\.self)
        sandboxes = [sandbox].compactMap(\.self)
        program = Self.program(askers, sandboxes, origin)
        self.origin = origin
        self.userAgent = userAgent
        self.hasLeft = hasLeft
    }

    /// A caller about whom nothing but the user could be found out.
    package static func unknown(uid: UInt32, origin: String? = nil, userAgent: String? = nil) -> Caller {
        Caller(uid: uid, holders: [], processes: [], origin: origin, userAgent: userAgent)
    }

    private static func program(
        _ askers: [Holder],
        _ sandboxes: [Sandbox],
        _ origin: String?,
        isCertain: Bool = true
    ) -> Program {
        let ids = Set(askers.map(\.program))
        let isBeyondDoubt = isCertain && ids.count == 1 && sandboxes.allSatisfy { ids.contains($0.program) }
        // One in a sandbox makes them all sandboxed: keeping the socket in another process changes nothing.
        let vouched = sandboxes.isEmpty ? askers.map(\.vouched) : sandboxes.map(\.id)
        return Program(
            id: isBeyondDoubt ? ids.first ?? "" : "",
            origin: origin,
            vouched: Set(vouched).sorted().joined(separator: " + ")
        )
    }

    private static func distinct<Element: Hashable>(_ elements: [Element]) -> [Element] {
        var seen: Set<Element> = []
        return elements.filter { seen.insert($0).inserted }
    }

    /// Whether an asking process was found and may be looked at, and no other one can be behind it.
    package var isKnown: Bool {
        !askers.isEmpty && isComplete && askers.allSatisfy { $0.process.sight == .open }
    }

    /// The asking process, then its parents; of several askers the oldest.
    package var processes: [ProcessRecord] { askers.first?.processes ?? [] }

    /// The Flatpak or Snap in which the asker counts as running: one holder in a sandbox is enough.
    package var sandbox: String? { sandboxes.first?.name }

    /// The asking process's number.
    package var pid: Int32? { processes.first?.identity.pid }

    /// The asking process's executable; empty if unknown.
    package var executable: String { processes.first?.executable ?? "" }

    /// What the askers call themselves, whether true or not.
    package var claims: Set<String> {
        Set(askers.map(\.claim)).union(sandboxes.map(\.name))
    }
}
