// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import KDBX
import SecureMemory
import Testing

/// The files of other programs' tests.
///
/// They are not the project's to give away, so they stay outside of it, in the
/// folder that `KEYBELL_KDBX_FIXTURES` names.
enum SharedFiles {
    static let folder =
        ProcessInfo.processInfo.environment["KEYBELL_KDBX_FIXTURES"] ?? "../shared/data/kdbx"

    static var areThere: Bool { FileManager.default.fileExists(atPath: folder + "/README.md") }

    static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: folder + "/" + path)))
    }
}

/// A file of the table in the shared folder's README, with its keys.
struct SharedFile: Sendable, CustomTestStringConvertible {
    let path: String
    var password: String?
    var keyFile: String?
    var challengeSecret: [UInt8]?
    var version = FormatVersion.v4_0

    var testDescription: String { path }

    func key() throws -> CompositeKey {
        try CompositeKey(
            password: password.map { SecretBytes(utf8: $0) },
            keyFile: keyFile.map { try SharedFiles.bytes($0) },
            challengeSecret: challengeSecret.map { SecretBytes(copying: $0) }
        )
    }

    func bytes() throws -> [UInt8] { try SharedFiles.bytes(path) }
}
