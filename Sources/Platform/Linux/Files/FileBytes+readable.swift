// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

extension FileBytes {
    /// Makes sure that a regular file, or what a link leads to, can be opened for reading by someone else, such as a
    /// library whose own errors don't say why it couldn't.
    ///
    /// - Parameter path: Where it is.
    /// - Throws: The failing call's `errno`; EISDIR for a folder, EINVAL for a pipe or a device.
    package static func checkReadable(_ path: String) throws(SystemCallError) {
        let file = try Descriptor("open", unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK))
        var status = stat()
        guard unsafe fstat(file.number, &status) == 0 else { throw .last("fstat") }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw SystemCallError(call: "open", code: EISDIR)
        default: throw SystemCallError.notRegular
        }
    }
}
