// SPDX-License-Identifier: Apache-2.0

import Linux

/// Who stands behind a bus name, as the bus daemon's socket says.
package struct BusCredentials: Sendable {
    /// The peer's user.
    package let uid: UInt32
    /// The peer's process, as it was when it connected.
    package let pid: Int32
    /// A descriptor for that very process; nil where the bus has none.
    package let process: PassedDescriptor?

    /// Whether another look has told of the same process, which had not ended in between, as far as that can be told.
    ///
    /// A connection outlives the process that made it where a child keeps it, and the bus goes on naming that process's
    /// number, which may be another's by then.
    package func isConfirmed(by later: BusCredentials) -> Bool {
        let hasEnded = later.process.map { ProcessExit.hasEnded($0.number) } ?? false
        return (uid, pid) == (later.uid, later.pid) && !hasEnded
    }
}

extension BusConnection {
    /// Takes a well-known name, without queueing for it.
    ///
    /// - Parameter name: the name.
    /// - Returns: whether it is ours now; false where somebody else has it.
    /// - Throws: `disconnected`, or the bus's own error for what is no name.
    package func requestName(_ name: String) async throws(DBusError) -> Bool {
        let doNotQueue: UInt32 = 4
        let answer = try await daemon("RequestName", [.string(name), .uint32(doNotQueue)])
        let primaryOwner: UInt32 = 1
        let alreadyOwner: UInt32 = 4
        return answer.first == .uint32(primaryOwner) || answer.first == .uint32(alreadyOwner)
    }

    /// Who owns a name now.
    ///
    /// - Parameter name: a well-known or unique name.
    /// - Returns: a unique name; nil for nobody.
    /// - Throws: `disconnected`, or the bus's own error for what is no name.
    package func owner(of name: String) async throws(DBusError) -> String? {
        do throws(DBusError) {
            return try await daemon("GetNameOwner", [.string(name)]).first?.asString
        } catch {
            guard error.name == DBusError.Name.nameHasNoOwner else { throw error }
            return nil
        }
    }

    /// The user and process behind a connection, as the bus daemon knows them.
    ///
    /// - Parameter uniqueName: the connection.
    /// - Returns: both.
    /// - Throws: an error where the bus can't tell: never a guess.
    package func credentials(of uniqueName: String) async throws(DBusError) -> BusCredentials {
        let answer = try await daemon("GetConnectionCredentials", [.string(uniqueName)])
        guard let facts = answer.first?.vardict, let uid = facts["UnixUserID"]?.asUInt32,
            let pid = facts["ProcessID"]?.asUInt32.flatMap({ Int32(exactly: $0) })
        else { throw .failed("The bus doesn't know the process behind \(uniqueName).") }
        return BusCredentials(uid: uid, pid: pid, process: facts["ProcessFD"]?.asDescriptor)
    }

    /// Notes from now on when each connection to the bus is made.
    package func noteConnections() async throws(DBusError) {
        guard connectionStarts.since == nil else { return }
        _ = try await daemon("AddMatch", [.string(MatchRule.connections.text)])
        connectionStarts.since = connectionStarts.since ?? ProcessTable.now
    }

    /// Whether a process that started then can be the one that has made a connection.
    ///
    /// - Parameters:
    ///   - uniqueName: The connection.
    ///   - startTime: In clock ticks from boot.
    /// - Returns: False for a process that is younger than the connection, or where nobody knows how old that is.
    package func canHaveMade(_ uniqueName: String, startTime: UInt64) -> Bool {
        connectionStarts.latest(of: uniqueName).map { startTime <= $0 } ?? false
    }
}
