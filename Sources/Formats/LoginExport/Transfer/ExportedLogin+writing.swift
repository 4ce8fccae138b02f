// SPDX-License-Identifier: Apache-2.0

import SecureMemory

// How logins travel from one program of Keybell's to the other: names and values in turn, a NUL after each, and one more
// after each login; another one at the end. See dbus/org.keybell.Vaults1.xml.
extension ExportedLogin {
    /// What follows the last login.
    package static let endOfTransfer: [UInt8] = [0]

    /// How many bytes of a transfer a login may take.
    package static let longestTransferred = 1 << 19

    /// How many members a login may have there.
    static let mostMembers = 512

    /// The names of a login's members.
    enum Member: String {
        /// How many there are.
        static let count = 9

        case title, username, password, url, notes, otp, realm, group
        /// Before the name of a string field.
        case field = "field:"
    }

    /// The login as it travels, for the caller to wipe.
    ///
    /// - Throws: That it is longer than any may be, has more members, or a NUL in it.
    package func transferred() throws(RowFault) -> [UInt8] {
        var bytes: [UInt8] = []
        guard urls.count + fields.count + Member.count <= Self.mostMembers else { throw .tooManyFields }
        var isWhole = true
        func append(_ name: String, _ value: SecretBytes) {
            bytes.makeRoom(for: name.utf8.count + value.count + 3)
            bytes.append(contentsOf: name.utf8)
            bytes.append(0)
            value.withSpan { span in
                for index in span.indices {
                    isWhole = isWhole && span[index] != 0
                    bytes.append(span[index])
                }
            }
            bytes.append(0)
            isWhole = isWhole && !name.utf8.contains(0)
        }
        for (member, text) in [
            (Member.title, title), (.username, username), (.realm, realm), (.group, group),
        ] + urls.map({ (.url, $0) }) where !text.isEmpty {
            append(member.rawValue, SecretBytes(utf8: text))
        }
        // There is always one member: a login of none would end the transfer.
        append(Member.password.rawValue, password)
        for (member, secret) in [(Member.notes, notes), (.otp, otp)] where !secret.isEmpty {
            append(member.rawValue, secret)
        }
        for field in fields where !field.value.isEmpty {
            append(Member.field.rawValue + field.name, field.value)
        }
        bytes.append(0)
        guard isWhole, bytes.count <= Self.longestTransferred else {
            bytes.wipe()
            throw isWhole ? .tooLong : .nul
        }
        return bytes
    }
}
