// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// A file of lines, readable only by this user, to which several may add, in this process or others.
///
/// It stays open from one addition to the next. When it would become too long, it is moved away, once, whoever is
/// adding.
package struct RotatedLineFile: ~Copyable {
    private let path: String
    private let former: String
    private let limit: Int
    private var file: Descriptor?
    /// How long it was after the last line that we added, which is whole.
    private var end: Int64 = -1

    /// Opens nothing yet.
    ///
    /// - Parameters:
    ///   - path: Where; its folder is made if it isn't there.
    ///   - limit: How long the file may become; a longer one is moved to `former` first.
    ///   - former: Where the previous file goes, replacing what was there.
    package init(_ path: String, limit: Int, former: String) {
        (self.path, self.limit, self.former) = (path, limit, former)
    }

    /// Adds lines; they are all there or not at all.
    ///
    /// - Parameters:
    ///   - lines: Each with its line feed.
    ///   - until: How long another program may keep it locked, as one that was stopped in the middle does.
    /// - Throws: The failing call's `errno`; EWOULDBLOCK when it is still locked then.
    package mutating func append(
        _ lines: [UInt8],
        until: ContinuousClock.Instant
    ) throws(SystemCallError) {
        do throws(SystemCallError) {
            while try !appended(lines, until) { close() }
        } catch {
            close()  // the next one looks again
            throw error
        }
    }

    /// Closes it until something is added again.
    package mutating func close() {
        file = nil
    }

    /// Adds lines; false if another file has to be opened for them.
    private mutating func appended(
        _ lines: [UInt8],
        _ until: ContinuousClock.Instant
    ) throws(SystemCallError) -> Bool {
        if file == nil {
            file = try Self.opened(path)
            end = -1
        }
        guard let number = file?.number else { return false }
        try file?.lock(until: until)
        defer { flock(number, LOCK_UN) }
        var (status, named) = (stat(), stat())
        guard unsafe fstat(number, &status) == 0 else { throw .last("fstat") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw SystemCallError.notRegular
        }
        // Somebody else has meanwhile moved it away, or removed it.
        guard unsafe lstat(path, &named) == 0, named.st_ino == status.st_ino,
            named.st_dev == status.st_dev
        else { return false }
        if Int(status.st_size) + lines.count > limit, status.st_size > 0 {
            guard unsafe rename(path, former) == 0 else { throw .last("rename") }
            return false
        }
        // A line that a crash cut off must not spoil the next one.
        var last = UInt8(ascii: "\n")
        if status.st_size > 0, status.st_size != end {
            unsafe pread(number, &last, 1, status.st_size - 1)
        }
        let bytes = last == UInt8(ascii: "\n") ? lines : [UInt8(ascii: "\n")] + lines
        do throws(SystemCallError) {
            try file?.write(bytes)
        } catch {
            ftruncate(number, status.st_size)
            throw error
        }
        end = Int64(status.st_size) + Int64(bytes.count)
        return true
    }

    private static func opened(_ path: String) throws(SystemCallError) -> Descriptor {
        try SafeFile.makeFolder(SafeFile.parent(of: path))
        let flags = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        return try Descriptor("open", unsafe open(path, flags, 0o600))
    }
}
