// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// The right to write into a folder, among programs that ask for it; given back when this value goes.
///
/// The folder itself is locked (`flock`): the lock outlives a rename of what is in it, ends with the process
/// however that ends, and leaves no file behind.
package struct FolderLock: ~Copyable, Sendable {
    /// The open folder that is locked.
    let folder: Descriptor
    /// False where another program has kept it for too long.
    package let isHeld: Bool

    /// Waits for the lock, on this thread, but goes on without it where another program keeps it: whoever may read the
    /// folder can.
    ///
    /// A file system without such locks is written to without one.
    /// - Parameters:
    ///   - path: The folder.
    ///   - timeout: How long another program is waited for.
    /// - Throws: The failing call's `errno`.
    package init(_ path: String, orWithoutAfter timeout: Duration) throws(SystemCallError) {
        let folder = try Descriptor("open", unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
        var isHeld = true
        do throws(SystemCallError) {
            try folder.lock(until: .now + timeout)
        } catch {
            guard error.code == EWOULDBLOCK else { throw error }
            isHeld = false
        }
        self.folder = folder
        self.isHeld = isHeld
    }

    /// Returns once the disk has what was made, renamed or removed in the folder.
    func synchronize() throws(SystemCallError) {
        // Some file systems have nothing to synchronize for a folder.
        guard Descriptor.synchronize(folder.number) || errno == EINVAL else { throw .last("fsync") }
    }

    /// For how many seconds a file isn't written to any more that nobody is going to use.
    ///
    /// Of another machine's files, in a folder that several share, it can't be known whether their process has ended.
    private static let litterAge = 3600

    /// Removes the files whose names are one of these beginnings and the number of a process that has ended, and that have
    /// been as they are for an hour.
    ///
    /// What can't be removed or read stays.
    func removeFilesOfEndedProcesses(named beginnings: [Substring], asOf now: Int) {
        LeftoverFiles.remove(in: folder.number) { beginning, name in
            beginnings.contains { $0.utf8.elementsEqual(beginning.utf8) } && isOld(name, asOf: now)
        }
    }

    private func isOld(_ name: String, asOf now: Int) -> Bool {
        var status = stat()
        guard unsafe fstatat(folder.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return false }
        // Not when its content was written: a second name of an old file is new.
        return now - status.st_ctim.tv_sec >= Self.litterAge
    }
}
