// SPDX-License-Identifier: Apache-2.0

import KDBX

extension KDBXError {
    /// What is wrong with a file or its key, as the end of a sentence: `it is damaged (header)`.
    func words(_ limits: KDBXLimits) -> String {
        switch self {
        case .wrongKey: "the password, the key file or both are wrong"
        case .noKey: "it takes a password or a key file"
        case .keyFile(let fault): "the key file is of no use (\(fault.rawValue))"
        case .notKDBX: "it is no KeePass database"
        case .keePass1: "it is a file of KeePass 1, to be converted with KeePass or KeePassXC"
        case .unsupportedVersion(let major, let minor):
            "it is of version \(major).\(minor), not 3.1, 4.0 or 4.1"
        case .unsupportedCipher, .unsupportedKeyDerivation, .unsupportedInnerStream, .unsupportedCompression:
            "it is encrypted in a way that Keybell doesn't know"
        case .tooCostly(let cost): "it \(cost.sentence(limits))"
        case .tooLarge: "it is too large"
        case .excessive(let excess):
            "it has more \(excess.rawValue) than a file of its size can have reason for"
        case .truncated: "it ends too early"
        case .damaged(let part): "it is damaged (\(part.rawValue))"
        case .cancelled, .notFound, .unwritable, .failed: "a library refused, mostly for want of memory"
        }
    }

    /// What to do about it, whatever the file is for; nil where that depends.
    var cure: String? {
        switch self {
        case .keePass1, .unsupportedVersion, .unsupportedCipher, .unsupportedKeyDerivation,
            .unsupportedInnerStream, .unsupportedCompression:
            "Open it in KeePassXC and save it as KDBX 4."
        case .tooCostly: "Lower its key derivation in the program that made it."
        case .tooLarge, .excessive:
            "Make it smaller in the program that made it, for example without its attachments."
        case .cancelled, .notFound, .unwritable, .failed: "Try again when there is more memory."
        case .wrongKey, .noKey, .keyFile, .notKDBX, .truncated, .damaged: nil
        }
    }
}
