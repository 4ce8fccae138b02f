// SPDX-License-Identifier: Apache-2.0

package import SecureMemory

/// A login's next one-time code by a counter (RFC 4226), as KeePass keeps them: a seed in `HmacOtp-Secret` or
/// `-Hex`, `-Base32`, `-Base64`, and `HmacOtp-Counter`.
///
/// Whoever gives a code out stores ``next`` first: a code that is given twice is refused by the site, and can be used by
/// whoever saw it.
package struct CounterCode: Sendable {
    /// The string field that holds the counter.
    package static let counterField = "HmacOtp-Counter"

    /// The code.
    package let code: SecretBytes
    /// What the counter is once this code is used.
    package let next: SecretBytes

    /// Reads a login's string fields; nil where they hold no seed, or a counter that is no number.
    package init?(fields: [String: SecretBytes]) {
        let text = fields[Self.counterField]?.exposedText()?.trimmingSpaces() ?? "0"
        guard let counter = text.isEmpty ? 0 : Int64(text), (0..<Int64.max).contains(counter),
            let code = OneTimeCode(secret: OneTimeCode.keePassSecret("HmacOtp", fields), period: 1)?
                .code(at: counter)
        else { return nil }
        self.code = code
        next = SecretBytes(utf8: String(counter + 1))
    }
}
