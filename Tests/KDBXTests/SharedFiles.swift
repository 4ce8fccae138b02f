// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import KDBX
import SecureMemory
import Testing

/// The files of other programs' tests.
///
/// They aren't the project's to distribute, so they are kept outside of the repository, in the folder that
/// `KEYBELL_KDBX_FIXTURES` names; where it isn't there, these tests are skipped.
enum SharedFiles {
    static let folder =
        ProcessInfo.processInfo.environment["KEYBELL_KDBX_FIXTURES"] ?? "../shared/data/kdbx"

    static var areThere: Bool { FileManager.default.fileExists(atPath: folder + "/README.md") }

    static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: folder + "/" + path)))
    }
}

/// A file of another program's tests, with its keys.
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
