// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Files that a process which was killed has left, with its number at the end of their names.
enum LeftoverFiles {
    /// Removes them; what can't be removed or read stays.
    ///
    /// - Parameters:
    ///   - folder: The descriptor of the folder that they are in.
    ///   - isMeant: Whether one is to go, by its name before the number, and its name.
    static func remove(in folder: Int32, where isMeant: (_ beginning: Substring, _ name: String) -> Bool) {
        let descriptor = unsafe openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        guard let names = unsafe fdopendir(descriptor) else {
            close(descriptor)
            return
        }
        defer { unsafe closedir(names) }
        while let entry = unsafe readdir(names) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let dash = name.utf8.lastIndex(of: UInt8(ascii: "-")),
                let pid = Int32(name[name.utf8.index(after: dash)...]), pid > 0,
                isMeant(name[...dash], name), kill(pid, 0) != 0, errno == ESRCH
            else { continue }
            unsafe unlinkat(folder, name, 0)
        }
    }
}
