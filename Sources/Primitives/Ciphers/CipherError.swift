// SPDX-License-Identifier: Apache-2.0

/// Why something could not be encrypted or decrypted.
///
/// Which of the middle two it was must not be revealed to whoever sent the bytes: that would be a padding oracle.
package enum CipherError: Error, Equatable, Sendable {
    /// The key is not of a length that the cipher takes.
    case badKeyLength
    /// What came out does not end in the padding; the key is wrong, or the bytes are damaged.
    case badPadding
    /// The bytes are not a whole number of blocks, or too many at once.
    case badLength
    /// libcrypto refused, for lack of memory or of the algorithm.
    case failed
}
