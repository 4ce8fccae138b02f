// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
package import Kernel

/// Finds out which processes are behind a socket.
package enum Identification {
    /// How many processes of the chain of parents are kept to be shown.
    static let chainLimit = 16

    /// Where /proc is searched, so that nobody's answer waits for it.
    private static let queue = DispatchQueue(label: "org.keybell.identification")

    /// Identifies the owner of a socket without blocking the caller's thread.
    ///
    /// - Parameters:
    ///   - owner: The other end of a connection.
    ///   - origin: What its request claims.
    ///   - userAgent: What its request claims.
    /// - Returns: The caller; one that isn't known if no process could be found.
    package static func caller(
        of owner: SocketOwner,
        origin: String?,
        userAgent: String?
    ) async -> Caller {
        await withCheckedContinuation { continuation in
            queue.async {
                continuation.resume(returning: search(owner, origin: origin, userAgent: userAgent))
            }
        }
    }

    /// Identifies the owner of a socket: reads the descriptors of all processes, and the holders' facts.
    package static func search(_ owner: SocketOwner, origin: String?, userAgent: String?) -> Caller {
        let uid = getuid()
        let holders = ProcessTable.holders(ofSocketInode: owner.inode)
            .compactMap { ProcessIdentity(running: $0) }
            .sorted { ($0.startTime, $0.pid) < ($1.startTime, $1.pid) }
        guard let asker = holders.first else {
            return .unknown(uid: owner.uid, origin: origin, userAgent: userAgent)
        }
        let sandbox = Sandbox.id(of: asker.pid)
        // Read last: a chain that is there says that the asker's number was its own all the while.
        let processes = ProcessRecord.chain(from: asker, uid: uid, limit: chainLimit)
        return Caller(
            uid: owner.uid,
            holders: processes.isEmpty ? [] : holders,
            processes: processes,
            sandbox: processes.isEmpty ? nil : sandbox,
            origin: origin,
            userAgent: userAgent
        )
    }
}
