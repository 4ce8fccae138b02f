// SPDX-License-Identifier: Apache-2.0

package import Linux

/// Who listens on a port that we would like to have.
package struct PortHolder: Hashable, Sendable, CustomStringConvertible {
    /// The user.
    package let uid: UInt32

    /// The process, if it can be seen: another user's can't be, nor one that forbids dumps, as our own does.
    package let process: ProcessRecord?

    /// Keeps both.
    package init(uid: UInt32, process: ProcessRecord?) {
        self.uid = uid
        self.process = process
    }

    /// Finds who listens on an address; nil if nobody does, or nobody can tell.
    package static func find(on address: InternetAddress) -> PortHolder? {
        // Without the kernel's table nobody can tell.
        guard let owner = try? SocketTable.listener(on: address) else { return nil }
        let caller = CallerIdentification.search(owner, origin: nil, userAgent: nil)
        return PortHolder(uid: owner.uid, process: caller.processes.first)
    }

    /// The holder in words for a log or a person.
    package var description: String {
        guard let process else { return "a process of user \(uid)" }
        let name = process.executable.isEmpty ? process.name : process.executable
        return "\(name) (process \(process.identity.pid) of user \(uid))"
    }
}
