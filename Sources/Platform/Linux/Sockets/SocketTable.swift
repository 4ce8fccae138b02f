// SPDX-License-Identifier: Apache-2.0

import Glibc

/// To whom a socket belongs.
package struct SocketOwner: Hashable, Sendable {
    /// The user who made the socket.
    package let uid: UInt32

    /// The socket's number in /proc's descriptor links; never 0.
    package let inode: UInt64

    /// Keeps both.
    package init(uid: UInt32, inode: UInt64) {
        self.uid = uid
        self.inode = inode
    }
}

/// The kernel's table of TCP sockets.
package enum SocketTable {
    /// Finds the owner of the socket with exactly this pair of addresses.
    ///
    /// For the other end of an accepted connection give its addresses the other way round: its remote address is
    /// the peer's local one. One exact query; where the kernel doesn't answer that (an old sandbox, a missing
    /// module), its tables in /proc are read, the mapped forms included.
    ///
    /// - Parameters:
    ///   - local: The address on the side of the socket that is looked for.
    ///   - remote: The address to which that socket is connected.
    /// - Returns: The owner, or nil if there is no such socket or its owner is gone (inode 0: a closed peer
    ///   in time-wait reads as root's).
    /// - Throws: What kept both ways from working.
    package static func owner(
        local: InternetAddress,
        remote: InternetAddress
    ) throws(SystemCallError) -> SocketOwner? {
        try owner(local: local, remote: remote) { () throws(SystemCallError) in
            try tables(of: local) { line in
                line.isConnected && line.local.unmapped == local.unmapped
                    && line.remote.unmapped == remote.unmapped
            }
        }
    }

    /// The same, with another way to read the tables: they may hold tens of thousands of connections that have ended, and
    /// each would be read by a thread that serves.
    static func owner(
        local: InternetAddress,
        remote: InternetAddress,
        reading tables: () throws(SystemCallError) -> SocketOwner?
    ) throws(SystemCallError) -> SocketOwner? {
        let query = SocketQuery(local: local.unmapped, remote: remote.unmapped)
        do throws(SystemCallError) {
            let found = try query.ask()
            return found.inode == 0 ? nil : found
        } catch {
            // A kernel that has answered before knows them all.
            guard error.code != ENOENT || !query.isReliable else { return nil }
            return try tables()
        }
    }

    /// Finds who listens on an address, or on all addresses of its family.
    package static func listener(on address: InternetAddress) throws(SystemCallError) -> SocketOwner? {
        try tables(of: address) { line in
            line.isListening && line.local.port == address.port
                && (line.local.unmapped == address.unmapped
                    || (line.local.isUnspecified && (line.local.isIPv6 || !address.isIPv6)))
        }
    }

    /// Looks through the table of the address's family, then the other (a mapped socket stands in tcp6).
    private static func tables(
        of address: InternetAddress,
        where matches: (SocketLine) -> Bool
    ) throws(SystemCallError) -> SocketOwner? {
        let names = address.unmapped.isIPv6 ? ["tcp6"] : ["tcp", "tcp6"]
        var failure: SystemCallError?
        var read = 0
        for name in names {
            let text: [UInt8]
            do throws(SystemCallError) {
                text = try FileBytes.read("/proc/net/\(name)", limit: 64 << 20)
            } catch {
                failure = error
                continue
            }
            read += 1
            for line in text.split(separator: UInt8(ascii: "\n")).dropFirst() {
                guard let line = SocketLine(line), matches(line), line.inode != 0 else { continue }
                return SocketOwner(uid: line.uid, inode: line.inode)
            }
        }
        if read == 0, let failure { throw failure }
        return nil
    }
}
