// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Small files as bytes, read in such a way that nothing about them can make us wait.
package enum FileBytes {
    /// Reads a regular file or a file of /proc to its end.
    ///
    /// A pipe, a device or a link as the last part of the path is refused; so is anything longer than the limit.
    ///
    /// - Parameters:
    ///   - path: Where it is.
    ///   - limit: How many bytes it may have.
    ///   - followsLinks: Whether a link as the last part is followed after all.
    /// - Returns: All of it.
    /// - Throws: The failing call's `errno`; EFBIG above the limit.
    package static func read(
        _ path: String,
        limit: Int = 1 << 20,
        followsLinks: Bool = false
    ) throws(SystemCallError) -> [UInt8] {
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (followsLinks ? 0 : O_NOFOLLOW)
        let file = try Descriptor("open", unsafe open(path, flags))
        guard try file.status().st_mode & S_IFMT == S_IFREG else {
            throw SystemCallError.notRegular
        }
        return try read(file, limit: limit)
    }

    /// Reads the end of a regular file.
    ///
    /// - Parameters:
    ///   - path: Where it is; a link as the last part is refused.
    ///   - limit: How many bytes are read at most.
    /// - Returns: Those, and whether there are others before them.
    /// - Throws: The failing call's `errno`.
    package static func end(
        of path: String,
        limit: Int
    ) throws(SystemCallError) -> (bytes: [UInt8], isCut: Bool) {
        let file = try Descriptor(
            "open",
            unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
        )
        let status = try file.status()
        guard status.st_mode & S_IFMT == S_IFREG else { throw SystemCallError.notRegular }
        let start = max(0, status.st_size - off_t(limit))
        guard lseek(file.number, start, SEEK_SET) == start else { throw .last("lseek") }
        // It may grow while it is being read.
        return (try read(file, limit: 2 * limit), start > 0)
    }

    /// Reads the beginning of a file of /proc.
    ///
    /// - Parameters:
    ///   - path: Where it is.
    ///   - limit: How many bytes are read at most.
    /// - Returns: Those.
    /// - Throws: The failing call's `errno`.
    static func beginning(of path: String, limit: Int) throws(SystemCallError) -> [UInt8] {
        let file = try Descriptor("open", unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW))
        var bytes = [UInt8](repeating: 0, count: limit)
        var length = 0
        while length < limit {
            let count = unsafe bytes.withUnsafeMutableBytes { room in
                unsafe Glibc.read(file.number, room.baseAddress?.advanced(by: length), limit - length)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .last("read") }
            guard count > 0 else { break }
            length += count
        }
        return Array(bytes.prefix(length))
    }

    /// Reads an open file to its end.
    static func read(_ file: borrowing Descriptor, limit: Int) throws(SystemCallError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = unsafe Glibc.read(file.number, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                let error = SystemCallError.last("read")
                ResourceShortage.note(error.code)
                throw error
            }
            guard count > 0 else { return bytes }
            bytes += chunk.prefix(count)
            guard bytes.count <= limit else { throw SystemCallError(call: "read", code: EFBIG) }
        }
    }

    /// Where something is after following all symbolic links; an absolute path.
    ///
    /// - Throws: The failing call's `errno`; ENOENT also for a link to nothing.
    package static func resolved(_ path: String) throws(SystemCallError) -> String {
        guard let resolved = unsafe realpath(path, nil) else { throw .last("realpath") }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    /// Reads where a symbolic link points; nil if it isn't one or may not be read.
    static func link(_ path: String, limit: Int = Int(PATH_MAX)) -> String? {
        var target = [CChar](repeating: 0, count: limit)
        let count = unsafe readlink(path, &target, target.count)
        guard count > 0 else {
            if count < 0 { ResourceShortage.note(errno) }
            return nil
        }
        return String(decoding: target.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
