// SPDX-License-Identifier: Apache-2.0

import Ciphers
import Glibc
package import SecureMemory

/// Makes passwords that nobody can guess.
package enum PasswordGenerator {
    /// A new password, and its strength in bits.
    ///
    /// Every password of the recipe's length that has a character of each class is as likely as any other. The
    /// strength is that of as many free choices from all of the classes' characters, rounded down.
    package static func generate(_ recipe: PasswordRecipe) -> (password: SecretBytes, bits: Int) {
        let chosen = Set(recipe.classes.isEmpty ? CharacterClass.allCases : recipe.classes)
        let classes = chosen.map(\.bytes)
        let alphabet = classes.flatMap { $0 }
        let length = max(recipe.length, classes.count)
        let password = SecretBytes(capacity: length) { output in
            // Drawn anew until each class is there: putting one in afterwards would favour some passwords.
            repeat {
                output.removeAll()
                for _ in 0..<length { output.append(alphabet[Randomness.below(alphabet.count)]) }
            } while !classes.allSatisfy { hasOne(of: $0, output.span) }
        }
        return (password, Int(log2(Double(alphabet.count)) * Double(length)))
    }

    private static func hasOne(of bytes: [UInt8], _ password: Span<UInt8>) -> Bool {
        password.indices.contains { bytes.contains(password[$0]) }
    }
}
