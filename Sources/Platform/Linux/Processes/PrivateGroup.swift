// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Groups with a single user each, so that what the group may do nobody else may.
enum PrivateGroup {
    /// Whether a file's group bits let nobody in but this user.
    ///
    /// The group is this user's primary one and has the user's name, and nobody else is in it. If the file has an
    /// access list, the bits concern everybody in that, and the answer is no.
    ///
    /// - Parameters:
    ///   - gid: The file's group.
    ///   - file: The file.
    /// - Returns: Whether nobody else can be found in it.
    static func isPrivate(_ gid: gid_t, _ file: borrowing Descriptor) -> Bool {
        guard let user = account(of: geteuid()), user.gid == gid,
            let group = members(of: gid), group.name == user.name,
            group.members.allSatisfy({ $0 == user.name })
        else { return false }
        return !hasAccessList(file) && !accounts().contains { $0.gid == gid && $0.uid != user.uid }
    }

    private struct Account {
        let name: String
        let uid: uid_t
        let gid: gid_t

        @unsafe init(_ entry: passwd) {
            unsafe (name, uid, gid) = (String(cString: entry.pw_name), entry.pw_uid, entry.pw_gid)
        }
    }

    private static let bufferSize = 1 << 16

    private static func account(of uid: uid_t) -> Account? {
        var (entry, buffer) = unsafe (passwd(), [CChar](repeating: 0, count: bufferSize))
        var found: UnsafeMutablePointer<passwd>?
        return unsafe buffer.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress,
                unsafe getpwuid_r(uid, &entry, start, buffer.count, &found) == 0,
                unsafe found != nil
            else { return nil }
            return unsafe Account(entry)
        }
    }

    private static func members(of gid: gid_t) -> (name: String, members: [String])? {
        var (entry, buffer) = unsafe (group(), [CChar](repeating: 0, count: bufferSize))
        var found: UnsafeMutablePointer<group>?
        return unsafe buffer.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress,
                unsafe getgrgid_r(gid, &entry, start, buffer.count, &found) == 0,
                unsafe found != nil
            else { return nil }
            var members: [String] = []
            var next = unsafe entry.gr_mem
            while let name = unsafe next?.pointee {
                unsafe members.append(String(cString: name))
                unsafe next = next?.successor()
            }
            return unsafe (String(cString: entry.gr_name), members)
        }
    }

    /// All users that can be listed; a directory service's need not be, those of /etc/passwd are.
    private static func accounts() -> [Account] {
        setpwent()
        defer { endpwent() }
        var accounts: [Account] = []
        var (entry, buffer) = unsafe (passwd(), [CChar](repeating: 0, count: bufferSize))
        var found: UnsafeMutablePointer<passwd>?
        unsafe buffer.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return }
            while unsafe getpwent_r(&entry, start, buffer.count, &found) == 0 {
                unsafe accounts.append(Account(entry))
            }
        }
        return accounts
    }

    private static func hasAccessList(_ file: borrowing Descriptor) -> Bool {
        // By its place in /proc, for a descriptor that only names a file has no attributes.
        let place = "/proc/self/fd/\(file.number)"
        return unsafe getxattr(place, FileAttributes.accessList, nil, 0) >= 0
            || (errno != ENODATA && errno != ENOTSUP)
    }
}
