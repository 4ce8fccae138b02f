// SPDX-License-Identifier: Apache-2.0

/// The short name of a request, which a person can read out and type.
package enum RequestCode {
    /// Letters and digits that aren't taken for one another.
    package static let alphabet = Array("23456789ABCDEFGHJKMNPQRSTUVWXYZ")

    /// How many of them make a code.
    package static let length = 4

    /// A random code, or a longer word of its letters, from the system's generator, which on Linux is `getrandom`.
    package static func random(_ length: Int = RequestCode.length) -> String {
        String((0..<length).map { _ in alphabet[Int.random(in: alphabet.indices)] })
    }

    /// The one spelling of a code as a person types it, or nil if it can't be one.
    package static func normalized(_ text: String) -> String? {
        // Changing case turns other letters, such as a sharp s, into ASCII ones.
        guard text.utf8.count == length, text.allSatisfy(\.isASCII) else { return nil }
        let code = text.uppercased()
        return code.count == length && code.allSatisfy(alphabet.contains) ? code : nil
    }
}
