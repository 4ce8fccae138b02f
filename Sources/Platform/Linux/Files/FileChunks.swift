// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// A file that is read from its beginning to its end, piece by piece; it may also be a pipe.
///
/// Reading may keep the thread waiting for as long as it likes, so this is for the command line alone.
package final class FileChunks: Sendable {
    private let file: Descriptor
    /// Whether it is a file on a disk, which stays there when it has been read.
    package let isRegular: Bool

    /// Opens a file, links followed.
    ///
    /// - Parameter path: Where it is; nil for standard input.
    /// - Throws: The failing call's `errno`; `EISDIR` for a folder.
    package init(_ path: String?) throws(SystemCallError) {
        if let path {
            file = try Descriptor("open", unsafe open(path, O_RDONLY | O_CLOEXEC))
        } else {
            file = try Descriptor("fcntl", fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3))
        }
        let kind = try file.status().st_mode & S_IFMT
        guard kind != S_IFDIR else { throw SystemCallError(call: "open", code: EISDIR) }
        isRegular = kind == S_IFREG
    }

    /// Reads on.
    ///
    /// - Parameter buffer: Where the bytes go, from its beginning.
    /// - Returns: How many; 0 at the end.
    /// - Throws: The failing call's `errno`.
    package func next(into buffer: inout [UInt8]) throws(SystemCallError) -> Int {
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe read(file.number, bytes.baseAddress, bytes.count)
            }
            if count >= 0 { return count }
            guard errno == EINTR else { throw .last("read") }
        }
    }
}
