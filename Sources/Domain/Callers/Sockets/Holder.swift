// SPDX-License-Identifier: Apache-2.0

import Linux

/// A process that has the asking socket, as it was when it was looked at.
package struct Holder: Hashable, Sendable {
    /// The process, then all its parents; never empty.
    package let processes: [ProcessRecord]

    /// The Flatpak or Snap it runs in.
    package let sandbox: Sandbox?

    /// Where its standard input, output and error lead (`ProcessTable.streams`).
    let streams: Set<String>

    /// Keeps what was found out; nil without a process.
    package init?(processes: [ProcessRecord], sandbox: Sandbox? = nil, streams: Set<String> = []) {
        guard let process = processes.first else { return nil }
        self.streams = streams
        self.process = process
        self.processes = processes
        self.sandbox = sandbox
    }

    /// The process itself.
    package let process: ProcessRecord

    /// Looks at a process; nil if it has ended.
    init?(of pid: Int32, by reader: ProcessReader) {
        guard let identity = ProcessIdentity(running: pid) else { return nil }
        let sandbox = Sandbox(of: pid, mounts: reader.mounts)
        let streams = ProcessTable.streams(of: pid)
        // Read last: if the chain is there, the number was the process's own all the while.
        self.init(processes: reader.chain(from: identity), sandbox: sandbox, streams: streams)
    }

    /// The same, as a program that nobody vouches for if it isn't what was seen with the socket earlier.
    func checked(against programs: [RunningProgram?]) -> Holder {
        let isSame = programs.allSatisfy { $0 == nil || process.running == nil || $0 == process.running }
        guard !isSame else { return self }
        return Holder(
            processes: [process.changed] + processes.dropFirst(),
            sandbox: sandbox,
            streams: streams
        )
            ?? self
    }

    /// The script that has started it, as that one's arguments claim: the nearest of its parents in its own job.
    ///
    /// A shell gives each command that a person types a job of its own, so nothing above that is meant.
    package var starter: String? {
        guard process.group != 0 else { return nil }
        return processes.dropFirst().prefix(Self.jobDepth).prefix { $0.group == process.group }
            .lazy.compactMap(\.script).first
    }

    private static let jobDepth = 8

    /// What grants and familiarity would go by; empty if it can't be told.
    package var program: String {
        if let sandbox { return sandbox.program }
        return process.isFoundAtPath ? process.program : ""
    }

    /// What the kernel vouches for: the sandbox's id, else the executable.
    package var vouched: String {
        if let sandbox { return sandbox.id }
        return process.isFoundAtPath ? process.executable : "another \(process.executable)"
    }

    /// The file that it runs, whatever its name is now; nil if it can't be seen.
    package var file: String? {
        process.running.map { "file \($0.device):\($0.inode)" }
    }

    /// Whether another runs the same program and, for an interpreter, names the same script.
    func runsTheSame(as other: Holder) -> Bool {
        (vouched, file, claim) == (other.vouched, other.file, other.claim)
    }

    /// What it calls itself, true or not: for whatever has to stay out of the askers' reach.
    package var claim: String { sandbox?.name ?? process.program }
}

extension [Holder] {
    /// These, and those of the others that aren't among them, or were there with another program.
    package func union(_ others: [Holder]) -> [Holder] {
        guard !others.isEmpty else { return self }
        let known = Dictionary(grouping: self, by: \.process.identity)
        return self
            + others.filter { other in
                // A process that runs another program than before counts as both.
                !(known[other.process.identity] ?? []).contains {
                    $0.vouched == other.vouched && $0.claim == other.claim
                }
            }
    }

    /// Those that may be the one that asks, the oldest first: all but the descendants of others among them that run the
    /// very same program, as a browser's own helpers do.
    ///
    /// Any other descendant may have been given the connection before its parent became what that is now, so that it asks
    /// beside it: it borrows neither its parent's name nor its grants.
    var possibleAskers: [Holder] {
        let holders = Dictionary(grouping: self, by: \.process.identity)
        return filter { holder in
            !holder.processes.dropFirst().contains { parent in
                (holders[parent.identity] ?? []).contains { $0.runsTheSame(as: holder) }
            }
        }.sorted {
            ($0.process.identity.startTime, $0.process.identity.pid)
                < ($1.process.identity.startTime, $1.process.identity.pid)
        }
    }
}
