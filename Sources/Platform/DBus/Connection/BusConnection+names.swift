// SPDX-License-Identifier: Apache-2.0

/// Who stands behind a bus name, as the bus daemon's socket says.
package struct BusCredentials: Hashable, Sendable {
    /// The peer's user.
    package let uid: UInt32
    /// The peer's process, as it was when it connected.
    package let pid: Int32
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
        return BusCredentials(uid: uid, pid: pid)
    }
}
