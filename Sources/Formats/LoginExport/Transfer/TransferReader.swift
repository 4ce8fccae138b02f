// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import UnicodeText

/// Reads logins as they travel (`ExportedLogin.transferred`), however the bytes arrive; in memory there is never more than
/// one, which is wiped when it has been read.
package struct TransferReader {
    /// Why a transfer isn't one.
    package enum Fault: Error, Equatable, Sendable {
        /// A login in it is longer than any may be.
        case tooLong
        /// A member has a name that isn't known, or is there twice.
        case badMember
        /// Something comes after its end.
        case excess
    }

    private var bytes: [UInt8] = []
    /// Where names and values end, in turn.
    private var ends: [Int] = []
    /// Whether the end has come.
    package private(set) var isComplete = false

    /// Nothing is read yet.
    package init() {}

    /// Reads on.
    ///
    /// - Parameters:
    ///   - chunk: The next bytes; they stay, for the caller to wipe.
    ///   - take: Called for each login that ends in them; with nil for one that isn't UTF-8.
    /// - Throws: Why it isn't a transfer; all that has come of the last login is wiped then.
    package mutating func read(
        _ chunk: some Sequence<UInt8>,
        _ take: (ExportedLogin?) -> Void
    ) throws(Fault) {
        var isRead = false
        defer { if !isRead { bytes.wipe() } }
        for byte in chunk {
            guard !isComplete else { throw .excess }
            if byte == 0, ends.count.isMultiple(of: 2), bytes.count == ends.last ?? 0 {
                if ends.isEmpty {
                    isComplete = true
                } else {
                    try take(login())
                    bytes.wipe()
                    ends.removeAll(keepingCapacity: true)
                }
            } else if byte == 0 {
                ends.append(bytes.count)
            } else {
                guard bytes.count < ExportedLogin.longestTransferred else { throw .tooLong }
                bytes.makeRoom(for: 1)
                bytes.append(byte)
            }
            // Empty values take no bytes, but a place each.
            guard ends.count <= 2 * ExportedLogin.mostMembers else { throw .tooLong }
        }
        isRead = true
    }

    private func login() throws(Fault) -> ExportedLogin? {
        var login = ExportedLogin()
        var (seen, isText): (Set<String>, Bool) = ([], true)
        var start = 0
        for pair in stride(from: 0, to: ends.count - 1, by: 2) {
            defer { start = ends[pair + 1] }
            guard let name = SecretBytes(copying: bytes[start..<ends[pair]]).exposedText() else {
                isText = false
                continue
            }
            let value = SecretBytes(copying: bytes[ends[pair]..<ends[pair + 1]])
            let prefix = ExportedLogin.Member.field.rawValue.utf8
            if name.utf8.starts(with: prefix) {
                login.fields.append(
                    (String(decoding: name.utf8.dropFirst(prefix.count), as: UTF8.self), value)
                )
                continue
            }
            guard let member = ExportedLogin.Member(rawValue: name),
                member == .url || seen.insert(name).inserted
            else { throw .badMember }
            let text = value.exposedText()
            isText = isText && text != nil
            switch member {
            case .title: login.title = text ?? ""
            case .username: login.username = text ?? ""
            case .password: login.password = value
            case .url: login.urls.append(text ?? "")
            case .notes: login.notes = value
            case .otp: login.otp = value
            case .realm: login.realm = text ?? ""
            case .group: login.group = text ?? ""
            case .field: throw .badMember
            }
        }
        return isText && login.isUTF8 ? login : nil
    }
}
