// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// A person's file that is about to be replaced as a whole, so that at every moment the old or the new one is there.
///
/// What is written goes to a file beside it first, which is checked and then takes its place; the former content
/// stays as `NAME.keybell-backup`. Symbolic links are followed; mode, owner, group, access list and other attributes
/// stay as they were. Whoever holds one also holds the folder's lock, unless another program, which need only be able to
/// read the folder, has kept that for too long: names that no other uses are written under then.
///
/// Of several hard links to the file only this name gets the new content, as with any program that saves safely: to
/// write into the file that they share would leave a broken one for all of them, should we be killed.
package struct FileReplacement: ~Copyable, Sendable {
    /// How far a replacement has got.
    package enum Step: String, CaseIterable, Sendable {
        /// The new file is there, empty, for this user alone.
        case made
        /// It has its content.
        case written
        /// The disk has its content.
        case synchronized
        /// What the disk gives back has been checked.
        case verified
        /// It has the old one's mode and owner.
        case adopted
        /// A second name of the former content is there, not yet the backup's.
        case linked
        /// The backup is there.
        case backedUp
        /// The new content is under the file's name.
        case renamed
        /// The disk has the names.
        case done
    }

    /// What became of a file that was replaced.
    package struct Outcome: Sendable {
        /// What the new file could not take over from the old one, in words.
        package let lost: [String]
        /// Why the disk may not have the new name yet, so that a crash of the system may bring the old file back.
        package let trouble: SystemCallError?
    }

    /// Where the file is after following all symbolic links.
    package let path: String
    private let folder: String
    private let lock: FolderLock

    /// Finds the file and takes its folder's lock.
    ///
    /// - Parameters:
    ///   - path: The file, which must be there, or a link to it.
    ///   - timeout: How long it waits, on this thread, for another program that holds the lock.
    /// - Throws: The failing call's `errno`.
    package init(of path: String, timeout: Duration = .seconds(3)) throws(SystemCallError) {
        let target = try FileBytes.resolved(path)
        let folder = SafeFile.parent(of: target)
        lock = try FolderLock(folder, orWithoutAfter: timeout)
        self.path = target
        self.folder = folder
    }

    /// Whether no other program that asks for the folder's lock writes there meanwhile.
    package var isLocked: Bool { lock.isHeld }

    /// The name under which a file's former content is kept.
    package static func backup(of path: String) -> String { path + ".keybell-backup" }

    /// Removes what a replacement that was killed has left beside the file; with the lock, what those without it have
    /// left for an hour, too.
    ///
    /// - Parameter now: The time, in seconds since 1970.
    package borrowing func clearLitter(asOf now: Int = time(nil)) {
        clearOwnLitter()
        if isLocked {
            lock.removeFilesOfEndedProcesses(
                named: [temporary, linked].map { name(of: $0) + "-" },
                asOf: now
            )
        }
    }

    /// The same under the names that this process writes under: no folder is listed at each save.
    private borrowing func clearOwnLitter() {
        unsafe unlink(temporary)
        unsafe unlink(linked)
    }

    /// Puts other content in the file's place.
    ///
    /// - Parameters:
    ///   - bytes: The new content.
    ///   - keepsBackup: Whether a backup that is there stays as it is.
    ///   - isGood: Looks at what was read back from the disk, right before it counts.
    ///   - isStillOld: Whether the old file is still the one that the new content was made from; looked at last.
    ///   - reached: Told of each step, for tests; what it throws ends the replacement there.
    /// - Returns: The names of attributes that the file had and has lost, `hard links` among them.
    /// - Throws: The failing call's `errno`: EIO if what was read back wasn't good, ESTALE if the old file has changed.
    ///   The old file is untouched then, unless it has already been renamed over.
    @discardableResult
    package borrowing func replace(
        with bytes: [UInt8],
        keepsBackup: Bool = false,
        isGood: ([UInt8]) -> Bool,
        isStillOld: () -> Bool,
        reached: (Step) throws(SystemCallError) -> Void = { _ in }
    ) throws(SystemCallError) -> Outcome {
        clearOwnLitter()
        let lost: [String]
        do throws(SystemCallError) {
            try write(bytes, reached)
            guard try isGood(FileBytes.read(temporary, limit: .max)) else {
                throw SystemCallError(call: "verify", code: EIO)
            }
            try reached(.verified)
            lost = try adopt()
            try reached(.adopted)
            guard isStillOld() else { throw SystemCallError(call: "rename", code: ESTALE) }
            if !keepsBackup || !hasBackup() { try backUp(reached) }
            guard unsafe rename(temporary, path) == 0 else { throw .last("rename") }
        } catch {
            clearOwnLitter()
            throw error
        }
        // It is replaced: an error would make the caller do it again.
        do throws(SystemCallError) {
            try reached(.renamed)
            try lock.synchronize()
            try reached(.done)
            return Outcome(lost: lost, trouble: nil)
        } catch {
            return Outcome(lost: lost, trouble: error)
        }
    }

    /// Whether what `replace` threw means that the file can't be replaced, but may well be written: it is a mount point,
    /// or nobody may make files beside it.
    package borrowing func isImpossible(_ error: SystemCallError) -> Bool {
        guard ["open", "rename"].contains(error.call),
            [EACCES, EBUSY, EPERM, EROFS, EXDEV].contains(error.code)
        else { return false }
        return unsafe access(path, W_OK) == 0
    }

    /// Writes other content into the file itself, after its former one has been put away.
    ///
    /// For when it can't be replaced: if we are killed half way, only the backup is whole.
    ///
    /// - Parameters:
    ///   - bytes: The new content.
    ///   - backup: Where the former content goes, readable for this user only; its folder must be there.
    ///   - isGood: Looks at what was read back from the disk.
    ///   - isStillOld: Whether the file still is the one that the new content was made from.
    ///   - reached: Told of each step, for tests; what it throws ends the writing there.
    /// - Throws: The failing call's `errno`: EIO if what was read back wasn't good, ESTALE if the file has become
    ///   another, EWOULDBLOCK if another program keeps the folder's lock: two that write into one file at once would
    ///   break it. The former content is in the file then, unless `isBroken` says otherwise.
    package borrowing func overwrite(
        with bytes: [UInt8],
        backup: String,
        isGood: ([UInt8]) -> Bool,
        isStillOld: () -> Bool,
        reached: (Step) throws(SystemCallError) -> Void = { _ in }
    ) throws(SystemCallError) {
        guard isLocked else { throw SystemCallError(call: "flock", code: EWOULDBLOCK) }
        let old = try FileBytes.read(path, limit: .max)
        try SafeFile.write(old, to: backup)
        try reached(.backedUp)
        guard isStillOld() else { throw SystemCallError(call: "write", code: ESTALE) }
        do throws(SystemCallError) {
            try writeInPlace(bytes)
            try reached(.synchronized)
            guard try isGood(FileBytes.read(path, limit: .max)) else {
                throw SystemCallError(call: "verify", code: EIO)
            }
            try reached(.verified)
        } catch {
            do throws(SystemCallError) {
                try writeInPlace(old)
            } catch {
                throw SystemCallError(call: Self.restoring, code: error.code)
            }
            throw error
        }
        try reached(.done)
    }

    private static var restoring: String { "restore" }

    /// Whether what `overwrite` threw means that not even the former content could be put back, so that just the backup is
    /// whole.
    package static func isBroken(_ error: SystemCallError) -> Bool {
        error.call == restoring
    }

    private borrowing func writeInPlace(_ bytes: [UInt8]) throws(SystemCallError) {
        let file = try Descriptor("open", unsafe open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW))
        // A full disk is noticed before anything is lost; some file systems can't tell.
        let room = posix_fallocate(file.number, 0, bytes.count)
        guard room == 0 || room == EOPNOTSUPP || room == EINVAL else {
            throw SystemCallError(call: "posix_fallocate", code: room)
        }
        try file.write(bytes)
        guard ftruncate(file.number, bytes.count) == 0 else { throw .last("ftruncate") }
        try file.synchronize()
    }

    private borrowing func write(
        _ bytes: [UInt8],
        _ reached: (Step) throws(SystemCallError) -> Void
    ) throws(SystemCallError) {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
        let file = try Descriptor("open", unsafe open(temporary, flags, 0o600))
        try reached(.made)
        try file.write(bytes)
        try reached(.written)
        try file.synchronize()
        try reached(.synchronized)
    }

    /// Gives the new file the old one's owner, attributes and mode; the mode never grants more because the group is
    /// another, or the access list that narrowed it is missing.
    private borrowing func adopt() throws(SystemCallError) -> [String] {
        var (old, new) = (stat(), stat())
        let source = try Descriptor("open", unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW))
        guard unsafe fstat(source.number, &old) == 0 else { throw .last("fstat") }
        // A file that may not be written must not be renamed away either.
        guard unsafe access(path, W_OK) == 0 else { throw .last("access") }
        let file = try Descriptor("open", unsafe open(temporary, O_RDONLY | O_CLOEXEC | O_NOFOLLOW))
        guard unsafe fstat(file.number, &new) == 0 else { throw .last("fstat") }
        var mode = old.st_mode & 0o7777
        if old.st_uid != new.st_uid {
            guard fchown(file.number, old.st_uid, old.st_gid) == 0 else { throw .last("fchown") }
        }
        var lost: [String] = []
        if old.st_uid == new.st_uid, old.st_gid != new.st_gid,
            fchown(file.number, old.st_uid, old.st_gid) != 0
        {
            mode &= ~0o070
            lost.append("group")
        }
        lost += FileAttributes.copy(from: source, to: file)
        // With an access list, the group's bits are the most that anybody in it gets; without one they are the group's
        // own.
        if lost.contains(FileAttributes.accessList) { mode &= ~0o070 }
        guard fchmod(file.number, mode) == 0 else { throw .last("fchmod") }
        // Only now has the file its mode, after its content may already have been on the disk.
        try file.synchronize()
        if hasOtherNames(old) { lost.append("hard links") }
        return lost
    }

    /// Whether the file has names other than its own and the backup's, which a killed replacement may have left.
    private borrowing func hasOtherNames(_ file: stat) -> Bool {
        var backup = stat()
        let isBackup =
            unsafe lstat(Self.backup(of: path), &backup) == 0
            && (backup.st_ino, backup.st_dev) == (file.st_ino, file.st_dev)
        return file.st_nlink > (isBackup ? 2 : 1)
    }

    private borrowing func hasBackup() -> Bool {
        FileStamp(Self.backup(of: path)).map { $0.size > 0 } ?? false
    }

    /// The old file gets a second name, which costs nothing; on file systems without hard links it is copied.
    private borrowing func backUp(_ reached: (Step) throws(SystemCallError) -> Void) throws(SystemCallError) {
        if unsafe link(path, linked) != 0 {
            try SafeFile.write(FileBytes.read(path, limit: .max), to: linked)
        }
        try reached(.linked)
        let backup = Self.backup(of: path)
        guard unsafe rename(linked, backup) == 0 else { throw .last("rename") }
        // With two names of one file, rename does nothing at all.
        unsafe unlink(linked)
        try reached(.backedUp)
    }

    private var temporary: String { beside("keybell-new") }
    private var linked: String { beside("keybell-old") }

    /// A hidden name in the same folder, with the lock always the same, so that what a killed save left is found.
    private func beside(_ ending: String) -> String {
        let owner = isLocked ? "" : "-\(getpid())"
        return "\(folder)/.\(name(of: path)).\(ending)\(owner)"
    }

    private borrowing func name(of path: String) -> Substring { path.split(separator: "/").last ?? "" }
}
