// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the kernel refused, and in which call.
///
/// Carries the call's name and its `errno`, never an address, a path or a byte of data.
package struct SystemCallError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The system call, for the log.
    package let call: String

    /// The call's `errno`.
    package let code: Int32

    /// A description that says more than the system's own.
    private var said: String?

    /// Keeps a failure whose `errno` is known.
    package init(call: String, code: Int32) {
        self.call = call
        self.code = code
    }

    /// What was opened isn't a regular file, but a pipe, say, or a device.
    static var notRegular: SystemCallError {
        var error = SystemCallError(call: "open", code: EINVAL)
        error.said = "Not a regular file"
        return error
    }

    /// What was to be done with a file takes too long, and is waited for no longer.
    package static var noAnswer: SystemCallError {
        var error = SystemCallError(call: "open", code: ETIMEDOUT)
        error.said = "The disk or server that it is on gives no answer"
        return error
    }

    /// Keeps the failure that the calling thread just had.
    static func last(_ call: String) -> SystemCallError {
        SystemCallError(call: call, code: errno)
    }

    /// Whether what was looked for isn't there.
    package var isNoSuchFile: Bool { code == ENOENT }

    /// The call and the system's words for its `errno`.
    package var description: String { "\(call): \(systemWords)" }

    /// The same for people, to whom the call says nothing: `no such file or directory`.
    package var words: String { systemWords.prefix(1).lowercased() + systemWords.dropFirst() }

    private var systemWords: String {
        if let said { return said }
        return unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    }
}
