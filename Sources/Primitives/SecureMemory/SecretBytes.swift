// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import UnicodeText

/// Bytes that nobody else may see: a key, a password.
///
/// They live in OpenSSL's secure heap while there is room, never change, are wiped when the last owner lets go,
/// compare in constant time, and print as nothing: not in `print`, not in `dump`, not in a log's metadata.
package final class SecretBytes: Sendable {
    /// How many bytes there are; the length is not treated as a secret.
    package let count: Int
    private let storage: SecretStorage

    /// Whether it is empty.
    package var isEmpty: Bool { count == 0 }

    /// Makes a secret by letting a C library write it in place, and keeps the first bytes of what was written.
    ///
    /// For modules that wrap a C library; all others use `init(capacity:writing:)`.
    /// - Parameters:
    ///   - count: The size of the buffer that `filling` may write.
    ///   - filling: Writes the buffer and says how many bytes of it count. The buffer starts out undefined.
    /// - Throws: What `filling` throws; the buffer is wiped then, too.
    @unsafe package init<E: Error>(
        count: Int,
        filling: (UnsafeMutableRawBufferPointer) throws(E) -> Int
    ) throws(E) {
        let storage = SecretStorage(capacity: count)
        let used = unsafe try filling(storage.writable)
        precondition((0...count).contains(used), "a secret cannot be longer than its buffer")
        self.count = used
        self.storage = storage
    }

    /// Makes a secret by appending to a span of its memory.
    /// - Parameters:
    ///   - capacity: How many bytes `writing` may append.
    ///   - writing: Appends the bytes.
    /// - Throws: What `writing` throws.
    package convenience init<E: Error>(
        capacity: Int,
        writing: (inout OutputSpan<UInt8>) throws(E) -> Void
    ) throws(E) {
        unsafe try self.init(count: capacity) { (buffer) throws(E) -> Int in
            var output = unsafe OutputSpan(
                buffer: buffer.bindMemory(to: UInt8.self),
                initializedCount: 0
            )
            try writing(&output)
            return unsafe output.finalize(for: buffer.bindMemory(to: UInt8.self))
        }
    }

    /// Makes a secret from a copy; the source stays where it is, so this is for what came in unprotected.
    package convenience init(copying bytes: some Collection<UInt8>) {
        self.init(capacity: bytes.count) { output in
            for byte in bytes { output.append(byte) }
        }
    }

    /// Makes a secret from a text's UTF-8; the text stays where it is.
    package convenience init(utf8 text: String) {
        self.init(copying: text.utf8)
    }

    /// Concatenates several secrets.
    package static func joining(_ parts: [SecretBytes]) -> SecretBytes {
        SecretBytes(capacity: parts.reduce(0) { $0 + $1.count }) { output in
            for part in parts {
                part.withSpan { span in
                    for index in span.indices { output.append(span[index]) }
                }
            }
        }
    }

    /// Lends the bytes for the duration of the call.
    package func withSpan<Result, E: Error>(
        _ body: (Span<UInt8>) throws(E) -> Result
    ) throws(E) -> Result {
        let bytes = unsafe storage.readable(count).bindMemory(to: UInt8.self)
        return try body(unsafe bytes.span)
    }

    /// Lends the bytes as C wants them; the pointer must not outlive the call, and is nil if there are none.
    @unsafe package func withUnsafeBytes<Result, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> Result
    ) throws(E) -> Result {
        unsafe try body(storage.readable(count))
    }

    /// The bytes as stream-safe text, or nil if they are not UTF-8.
    ///
    /// The name is a warning: a `String` can't be wiped, and gets copied. Only where an interface leaves no choice.
    package func exposedText() -> String? {
        withSpan { String(streamSafe: $0) }
    }
}

extension SecretBytes: Equatable {
    /// Compares in a time that depends on the lengths alone.
    package static func == (left: SecretBytes, right: SecretBytes) -> Bool {
        guard left.count == right.count else { return false }
        guard !left.isEmpty else { return true }
        return unsafe left.withUnsafeBytes { mine in
            unsafe right.withUnsafeBytes { theirs in
                unsafe CRYPTO_memcmp(mine.baseAddress, theirs.baseAddress, mine.count) == 0
            }
        }
    }
}

extension SecretBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The same for every secret; not even its length shows.
    package var description: String { "SecretBytes(redacted)" }

    /// The same as `description`.
    package var debugDescription: String { description }

    /// A mirror that shows nothing, for `dump` and whatever else looks inside.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
