// SPDX-License-Identifier: Apache-2.0

import Linux
import Synchronization

/// Who answers a request: the process that the bus names as the sender of the answer.
package struct Answerer: Hashable, Sendable {
    /// The process; nil if it has ended or the bus doesn't know it.
    package let identity: ProcessIdentity?

    /// Its user.
    package let uid: UInt32

    /// The process itself, then all its parents.
    package let chain: [ProcessRecord]

    /// The Flatpak or Snap it runs in.
    package let sandbox: Sandbox?

    /// Whether one of its parents, up to the service manager, forbids looking at what it runs: that could be anybody.
    ///
    /// Not counting one that another user's process started for this user, as logins are (sshd, su).
    var hasHiddenParent: Bool {
        let own = chain.prefix { !$0.isServiceManager }
        return zip(own, own.dropFirst().map(\.self) + [nil]).contains { process, parent in
            process.sight == .hidden && parent?.sight != .foreign
        }
    }

    /// Where its standard input, output and error lead (`ProcessTable.streams`).
    let streams: Set<String>

    /// Where those of its parents lead: what it has of them was given to it.
    let parentStreams: [ProcessIdentity: Set<String>]

    /// Whether it is our own command line, which may have asked in a script while the person uses it elsewhere.
    package var isCommandLine = false

    private struct Sender: Hashable, Sendable {
        let pid: Int32
        let uid: UInt32
        /// A look that began before the answer came says nothing about it.
        let number: UInt64
    }

    /// How many parents' streams are read.
    private static let mostParents = 32

    private static let number = Atomic<UInt64>(0)
    private static let reads = ProcessReadQueue<Sender, Answerer>(
        processes: { [$0.pid] },
        facts: { read(pid: $0.pid, uid: $0.uid) }
    )

    /// Keeps what was found out.
    package init(
        identity: ProcessIdentity?,
        uid: UInt32,
        chain: [ProcessRecord] = [],
        sandbox: Sandbox? = nil,
        streams: Set<String> = [],
        parentStreams: [ProcessIdentity: Set<String>] = [:]
    ) {
        self.parentStreams = parentStreams
        self.streams = streams
        self.identity = identity
        self.uid = uid
        self.chain = chain
        self.sandbox = sandbox
    }

    /// Looks at the process that sent an answer, without blocking the thread that asks.
    ///
    /// - Parameters:
    ///   - pid: From the bus daemon's credentials.
    ///   - uid: Likewise.
    /// - Returns: The answerer, without identity if the process has ended or can't be looked at in time.
    package static func look(pid: Int32, uid: UInt32) async -> Answerer {
        let number = number.add(1, ordering: .relaxed).newValue
        return await reads.read(Sender(pid: pid, uid: uid, number: number))
            ?? Answerer(identity: nil, uid: uid)
    }

    /// Looks at the process that sent an answer.
    ///
    /// - Parameters:
    ///   - pid: From the bus daemon's credentials.
    ///   - uid: Likewise.
    /// - Returns: The answerer; nothing but its user if the process has ended, or there is more to read about it and its
    ///   parents than a ``ProcessReader`` does, or not all of that could be read.
    package static func read(pid: Int32, uid: UInt32) -> Answerer {
        read(pid: pid, uid: uid, by: ProcessReader())
    }

    /// The same, by a reader of its own.
    static func read(pid: Int32, uid: UInt32, by reader: ProcessReader) -> Answerer {
        guard let identity = ProcessIdentity(running: pid) else { return Answerer(identity: nil, uid: uid) }
        let sandbox = Sandbox(of: pid, mounts: reader.mounts)
        let streams = ProcessTable.streams(of: pid)
        let chain = reader.chain(from: identity)
        let parents = chain.dropFirst().prefix(mostParents).map {
            ($0.identity, ProcessTable.streams(of: $0.identity.pid))
        }
        guard !chain.isEmpty, reader.isComplete else { return Answerer(identity: nil, uid: uid) }
        return Answerer(
            identity: identity,
            uid: uid,
            chain: chain,
            sandbox: sandbox,
            streams: streams,
            parentStreams: Dictionary(parents) { first, _ in first }
        )
    }
}
