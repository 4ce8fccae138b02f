// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The process's own output, written at once and unbuffered.
///
/// C's `stdout` and `stderr` are mutable globals that Swift 6 mode can't name, and a buffer would keep secrets.
package enum StandardStream: Int32, Sendable {
    case output = 1
    case error = 2

    /// Whether a person is looking at it.
    package var isTerminal: Bool { isatty(rawValue) == 1 }

    /// Writes all of some bytes; what a closed pipe doesn't take is lost, as there is nobody to tell.
    package func write(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { buffer in
            var rest = unsafe buffer[...]
            while unsafe !rest.isEmpty {
                let count = unsafe Glibc.write(
                    rawValue,
                    UnsafeRawBufferPointer(rebasing: rest).baseAddress,
                    rest.count
                )
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                unsafe rest = rest.dropFirst(count)
            }
        }
    }

    /// Writes text as UTF-8.
    package func write(_ text: String) {
        write(Array(text.utf8).span)
    }
}
