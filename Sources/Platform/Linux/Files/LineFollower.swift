// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Reads what `RotatedLineFile` adds to a file, each line once, including those that were added before the file was moved
/// away.
///
/// It keeps the files that it has read open, so that it knows them by whatever name they have by now.
package struct LineFollower: Sendable {
    private let path: String
    private let former: String
    private let limit: Int
    /// The file that lines were added to when it was looked at last, and how much of it has been read.
    private var file: OpenFile?
    private var length: off_t = 0
    /// Whether that ends in the middle of a line that is left out.
    private var isCut = false
    /// The one before it.
    private var older: OpenFile?

    /// Begins before all that is there; nothing is read yet.
    ///
    /// - Parameters:
    ///   - path: The file, which need not be there.
    ///   - former: Where it is moved when it is too long.
    ///   - limit: How much of one file is read at once; if there is more, only its end is, and a line longer than this
    ///     never.
    package init(_ path: String, former: String, limit: Int) {
        (self.path, self.former, self.limit) = (path, former, limit)
    }

    /// The lines that have come since the last call, without their line feeds; one that isn't whole yet comes later.
    ///
    /// - Throws: The failing call's `errno`, unless there is no file; then nothing counts as read.
    package mutating func next() throws(SystemCallError) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        if file == nil || file?.identity != FileIdentity(AT_FDCWD, path) {
            // What was added until it was moved away: nobody adds to it any more.
            lines += try rest()
            // One that was begun after it, and is already full.
            if let next = try OpenFile(former), next != file, next != older {
                take(next)
                lines += try rest()
            }
            if let next = try OpenFile(path) { take(next) }
        }
        return lines + (try rest())
    }

    private mutating func take(_ next: OpenFile) {
        (older, file, length, isCut) = (file, next, 0, false)
    }

    private mutating func rest() throws(SystemCallError) -> [[UInt8]] {
        guard let number = file?.descriptor.number else { return [] }
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else { throw .last("fstat") }
        // A line that the disk had no room for was taken back.
        length = min(length, status.st_size)
        if status.st_size - length > off_t(limit) {
            (length, isCut) = (status.st_size - off_t(limit), true)
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        while bytes.count < limit {
            let count = unsafe pread(number, &chunk, chunk.count, length + off_t(bytes.count))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .last("pread") }
            guard count > 0 else { break }
            bytes += chunk.prefix(count)
        }
        if isCut {
            let rest = bytes.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 }
            isCut = rest == nil
            length += off_t(rest ?? bytes.count)
            bytes.removeFirst(rest ?? bytes.count)
        }
        guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
        length += off_t(end + 1)
        return bytes[..<end].split(separator: UInt8(ascii: "\n")).map(Array.init)
    }
}

/// A file that stays the same one, whatever it is called meanwhile.
private final class OpenFile: Sendable, Equatable {
    let descriptor: Descriptor
    let identity: FileIdentity

    /// Opens a regular file; nil if there is none.
    init?(_ path: String) throws(SystemCallError) {
        do throws(SystemCallError) {
            let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW
            descriptor = try Descriptor("open", unsafe open(path, flags))
        } catch {
            guard error.isNoSuchFile else { throw error }
            return nil
        }
        guard let identity = FileIdentity(descriptor.number, ""), identity.isKind(S_IFREG) else {
            throw SystemCallError.notRegular
        }
        self.identity = identity
    }

    static func == (one: OpenFile, other: OpenFile) -> Bool { one.identity == other.identity }
}
