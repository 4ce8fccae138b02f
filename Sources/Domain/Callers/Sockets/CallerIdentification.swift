// SPDX-License-Identifier: Apache-2.0

package import Linux

/// Finds out which processes are behind a socket.
package enum CallerIdentification {
    /// What another look at a caller's socket has found.
    package enum Recheck: Sendable {
        /// The caller with all that have had it so far.
        case found(Caller)
        /// Nobody has it now.
        case nobody
        /// It couldn't be looked at.
        case unclear
    }

    /// The processes of one socket, or of several that the same ones have.
    private struct Group: Hashable, Sendable {
        /// What a search has found is read once for everyone who shares the search.
        let search: UInt64
        let processes: Set<Int32>
        /// What the first of them runs.
        let program: ProgramFile?
    }

    private static let search = HolderSearchQueue()

    /// What was read about a group.
    private struct Facts {
        let holders: [Int32: Holder]
        let isComplete: Bool
    }

    private static let facts = ProcessReadQueue<Group, Facts>(
        processes: \.processes,
        program: \.program,
        facts: { group in
            let reader = ProcessReader()
            let holders = group.processes.reduce(into: [:]) { $0[$1] = Holder(of: $1, by: reader) }
            return Facts(holders: holders, isComplete: reader.isComplete)
        }
    )

    /// Looks who has a socket now, without blocking the thread that asks.
    ///
    /// - Parameters:
    ///   - owner: The other end of a connection.
    ///   - isAnew: Whether the snapshot has to begin after the call; otherwise a search that is under way will do.
    ///   - seenHolders: Who was seen with it since the request's first byte, and with which programs.
    /// - Returns: What was found; it is unclear if that takes too long.
    package static func snapshot(
        of owner: SocketOwner,
        isAnew: Bool = true,
        seenHolders: [SocketHolder] = []
    ) async -> HolderSnapshot {
        let start = ContinuousClock.now
        let found = await search.holders(of: owner.inode, isAnew: isAnew)
        guard !found.holders.isEmpty else {
            return HolderSnapshot(
                found.isComplete ? .nobody : .unclear,
                isComplete: found.isComplete,
                since: start
            )
        }
        let all = found.holders + seenHolders
        let group = Group(
            search: found.search,
            processes: Set(all.map(\.pid)),
            program: all.min { $0.pid < $1.pid }?.program.map {
                ProgramFile(device: $0.device, inode: $0.inode)
            }
        )
        guard let facts = await facts.read(group) else {
            return HolderSnapshot(.unclear, isComplete: false, since: start)
        }
        let seenByProcess = Dictionary(grouping: seenHolders, by: \.pid)
        var holders: [Holder] = []
        var descriptors: [HolderSnapshot.Held] = []
        for socket in found.holders {
            guard let holder = facts.holders[socket.pid] else { continue }
            let programs = [socket.program] + (seenByProcess[socket.pid] ?? []).map(\.program)
            holders.append(holder.checked(against: programs))
            descriptors.append(HolderSnapshot.Held(socket, holder, isKept: found.holders.count == 1))
        }
        var earlier: [Holder] = []
        var departed: [ProcessIdentity] = []
        let present = Set(holders.map(\.process.identity))
        for seen in seenHolders {
            guard let program = seen.program else { continue }
            let identity = ProcessIdentity(pid: seen.pid, startTime: program.startTime)
            guard !present.contains(identity) else { continue }
            if let holder = facts.holders[seen.pid], holder.process.identity == identity {
                earlier.append(holder.checked(against: [program]))
            } else {
                departed.append(identity)
            }
        }
        let isComplete = found.isComplete && facts.isComplete
        return HolderSnapshot(
            holders.isEmpty ? (isComplete ? .nobody : .unclear) : .found,
            holders: holders,
            earlier: earlier,
            departed: departed,
            descriptors: descriptors,
            isComplete: isComplete,
            since: start
        )
    }

    /// Notes who has a socket and what they run, soon.
    ///
    /// That is at the next search, or when it is time for one that anybody may cause. No file system is asked.
    package static func holdersSoon(of owner: SocketOwner) async -> [SocketHolder] {
        await search.holdersSoon(of: owner.inode).holders
    }

    /// Looks once more at who has the socket of a caller.
    package static func lookAgain(at caller: Caller) async -> Recheck {
        guard let socket = caller.socket else { return .nobody }
        let snapshot = await snapshot(of: socket)
        guard snapshot.outcome == .found else { return snapshot.outcome == .unclear ? .unclear : .nobody }
        return .found(
            Caller(
                socket: socket,
                present: snapshot.holders,
                earlier: caller.askers,
                isComplete: caller.isComplete && snapshot.isComplete,
                origin: caller.origin,
                userAgent: caller.userAgent
            )
        )
    }

    /// Identifies the owner of a socket: reads the descriptors of all processes, and the holders' facts.
    ///
    /// Blocks; for a program that does nothing else meanwhile.
    package static func search(_ owner: SocketOwner, origin: String?, userAgent: String?) -> Caller {
        let reader = ProcessReader()
        let found = SocketHolder.find([owner.inode])
        let holders = found.holders.compactMap { Holder(of: $0.pid, by: reader) }
        return Caller(
            socket: owner,
            present: holders,
            isComplete: found.isComplete && reader.isComplete,
            origin: origin,
            userAgent: userAgent
        )
    }
}
