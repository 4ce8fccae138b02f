// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// The extended attributes of a file: access control lists, security labels, whatever programs note in `user.…`.
enum FileAttributes {
    /// The attribute that holds a POSIX access control list.
    static let accessList = "system.posix_acl_access"

    /// Sums over a file's content, which are wrong for any other content.
    private static let sums: Set = ["security.ima", "security.evm"]

    /// Gives one file the attributes of another, as far as the file system and our rights go.
    ///
    /// An access list that only the new file has goes: it comes from the folder, and was never the old file's.
    /// - Returns: The names of those that the new file lacks now.
    static func copy(from old: borrowing Descriptor, to new: borrowing Descriptor) -> [String] {
        let names = list(old).filter { !sums.contains($0) }
        if !names.contains(accessList), list(new).contains(accessList) {
            // If it stayed, the mode that the file gets next would let others in.
            guard unsafe fremovexattr(new.number, accessList) == 0 else { return [accessList] }
        }
        return names.filter { name in
            guard let value = value(of: name, old) else { return true }
            guard self.value(of: name, new) != value else { return false }
            return unsafe value.withUnsafeBytes { bytes in
                unsafe fsetxattr(new.number, name, bytes.baseAddress, bytes.count, 0)
            } != 0
        }
    }

    private static func list(_ file: borrowing Descriptor) -> [String] {
        let number = file.number
        // Names, each followed by a zero; none if the file system has no attributes.
        let names = unsafe read { unsafe flistxattr(number, $0.baseAddress, $0.count) } ?? []
        return names.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func value(of name: String, _ file: borrowing Descriptor) -> [UInt8]? {
        let number = file.number
        return unsafe read { unsafe fgetxattr(number, name, $0.baseAddress, $0.count) }
    }

    /// Asks with the most room that the kernel may need: 64 KiB for a list and for a value.
    @unsafe private static func read(_ call: (UnsafeMutableRawBufferPointer) -> Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe call($0) }
        return count < 0 ? nil : Array(bytes.prefix(count))
    }
}
