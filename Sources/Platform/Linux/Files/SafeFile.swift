// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Small files of our own, written so that a crash leaves either the old or the new one.
package enum SafeFile {
    /// Replaces a file's content, readable for this user only; returns once the disk has it.
    ///
    /// - Parameters:
    ///   - bytes: The whole content.
    ///   - path: Where; its folder must be there.
    /// - Returns: Whether the disk has it for certain: else a crash of the system may bring the former file back.
    /// - Throws: The failing call's `errno`; the former file is untouched then.
    @discardableResult
    package static func write(_ bytes: [UInt8], to path: String) throws(SystemCallError) -> Bool {
        let temporary = "\(path).new-\(getpid())"
        do throws(SystemCallError) {
            // What a killed process of this number has left goes (`clearLitter` has the others'); and whatever somebody else
            // puts there instead must not be written into.
            unsafe unlink(temporary)
            let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
            let file = try Descriptor("open", unsafe open(temporary, flags, 0o600))
            try file.write(bytes)
            try file.synchronize()
            guard unsafe rename(temporary, path) == 0 else { throw .last("rename") }
        } catch {
            unsafe unlink(temporary)
            throw error
        }
        return hasNames(in: parent(of: path))
    }

    /// Removes what processes that were killed in the middle of `write` have left in a folder that only Keybell writes into.
    ///
    /// It blocks.
    package static func clearLitter(in folder: String) {
        // Where there is no folder yet there is no litter, and what can't be read stays.
        guard let folder = try? Descriptor("open", unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
        else { return }
        LeftoverFiles.remove(in: folder.number) { beginning, _ in beginning.hasSuffix(".new-") }
    }

    /// Has the disk take a file, whoever wrote it, and its name; it may take a while.
    ///
    /// - Returns: Whether the disk has them for certain: else a crash of the system may bring a former file back.
    package static func synchronize(_ path: String) -> Bool {
        let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        // What can't be opened may be on the disk, but that isn't certain.
        guard let file = try? Descriptor("open", unsafe open(path, flags)),
            Descriptor.synchronize(file.number)
        else {
            return false
        }
        return hasNames(in: parent(of: path))
    }

    /// Whether the disk has the names in a folder for certain.
    private static func hasNames(in folder: String) -> Bool {
        // An error would say that the file in it isn't replaced, which it is.
        guard let entry = try? Descriptor("open", unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
        else { return false }
        // Some file systems have nothing to synchronize for a folder.
        return Descriptor.synchronize(entry.number) || errno == EINVAL
    }

    /// Removes a file, if it is there and can be removed.
    package static func remove(_ path: String) {
        unsafe unlink(path)
    }

    /// Adds records to a file of records of one length.
    ///
    /// - Parameters:
    ///   - bytes: The records, one behind the other.
    ///   - length: That of each of them.
    ///   - path: The file, which must be there.
    ///   - waitsForDisk: Whether to return only once the disk has them; else a crash of the system may lose them.
    /// - Throws: The failing call's `errno`, and EINVAL where the file doesn't end with a whole record; it is as it was
    ///   then.
    package static func appendRecords(
        _ bytes: [UInt8],
        of length: Int,
        to path: String,
        waitsForDisk: Bool
    ) throws(SystemCallError) {
        let flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let file = try Descriptor("open", unsafe open(path, flags))
        var status = stat()
        guard unsafe fstat(file.number, &status) == 0 else { throw .last("fstat") }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size > 0, Int(status.st_size) % length == 0
        else { throw SystemCallError(call: "append", code: EINVAL) }
        do throws(SystemCallError) {
            try file.write(bytes)
            guard !waitsForDisk || fdatasync(file.number) == 0 else { throw .last("fdatasync") }
        } catch {
            ftruncate(file.number, status.st_size)
            throw error
        }
    }

    /// Makes a folder that only this user may enter, and those above it that are missing.
    ///
    /// - Parameter path: An absolute path; a folder that is there already is closed to others.
    /// - Throws: The failing call's `errno`.
    package static func makeFolder(_ path: String) throws(SystemCallError) {
        if unsafe mkdir(path, 0o700) == 0 { return }
        switch errno {
        case EEXIST:
            guard unsafe chmod(path, 0o700) == 0 else { throw .last("chmod") }
        case ENOENT where parent(of: path) != path:
            try makeParents(parent(of: path))
            guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .last("mkdir") }
        default:
            throw .last("mkdir")
        }
    }

    /// As the XDG directory specification wants it: 0700 for what is missing; what is there stays as it is.
    private static func makeParents(_ path: String) throws(SystemCallError) {
        if unsafe mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, parent(of: path) != path else { throw .last("mkdir") }
        try makeParents(parent(of: path))
        guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .last("mkdir") }
    }

    /// Throws what would keep a line from being added to a file, which is left as it is; none is made.
    package static func checkAppending(to path: String) throws(SystemCallError) {
        let flags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        do throws(SystemCallError) {
            let file = try Descriptor("open", unsafe open(path, flags))
            guard try file.status().st_mode & S_IFMT == S_IFREG else { throw SystemCallError.notRegular }
        } catch {
            guard error.isNoSuchFile else { throw error }
        }
    }

    /// The folder that something is in, by its path alone.
    package static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
