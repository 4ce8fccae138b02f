// SPDX-License-Identifier: Apache-2.0

extension Caller {
    /// What has to be known of somebody who has asked to tell who belongs to them: nothing that they claim but their
    /// scripts, and of their parents only whether there are any.
    package var brief: Caller { Caller(brief: self) }

    private init(brief other: Caller) {
        uid = other.uid
        socket = other.socket
        holders = other.holders
        askers = other.askers.map(\.brief)
        sandboxes = other.sandboxes
        program = Program(id: other.program.id, vouched: other.program.vouched)
        origin = nil
        userAgent = nil
        isComplete = other.isComplete
        hasLeft = other.hasLeft
    }

    /// About how many bytes of memory it takes.
    package var size: Int {
        let claimed = [origin, userAgent, program.origin].compactMap(\.self) + [program.id, program.vouched]
        let names = sandboxes.flatMap { [$0.name, $0.id] }
        return MemoryLayout<Caller>.size + (claimed + names).reduce(0) { $0 + $1.utf8.count }
            + holders.count * MemoryLayout<ProcessIdentity>.stride + askers.reduce(0) { $0 + $1.size }
    }
}

extension Holder {
    fileprivate var brief: Holder {
        let parent = processes.dropFirst().first { !$0.isServiceManager }
        return Holder(
            processes: [process] + [parent].compactMap(\.self),
            sandbox: sandbox,
            streams: streams
        ) ?? self
    }

    fileprivate var size: Int {
        processes.reduce(MemoryLayout<Holder>.size) { $0 + $1.size }
            + streams.reduce(0) { $0 + MemoryLayout<String>.size + $1.utf8.count }
    }
}

extension ProcessRecord {
    fileprivate var size: Int {
        MemoryLayout<ProcessRecord>.size
            + [executable, name, script ?? "", scope ?? ""].reduce(0) { $0 + $1.utf8.count }
    }
}

extension Answerer {
    /// What is shown of somebody who has answered.
    package var brief: Answerer {
        var brief = Answerer(identity: identity, uid: uid, chain: Array(chain.prefix(1)), sandbox: sandbox)
        brief.isCommandLine = isCommandLine
        return brief
    }
}
