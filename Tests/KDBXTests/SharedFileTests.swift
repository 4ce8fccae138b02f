// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Testing

@testable import KDBX

@Suite(
    .enabled(
        if: SharedFiles.areThere,
        "the shared KDBX files are not there: set KEYBELL_KDBX_FIXTURES to their folder"
    )
)
struct SharedFileTests {
    @Test(arguments: SharedFile.all)
    func `a file of another program opens, and all of it comes back after it was written`(
        file: SharedFile
    ) throws {
        let key = try file.key()
        let database = try Database(reading: file.bytes(), key: key)
        #expect(database.version == file.version)
        if let counts = SharedFile.counts[file.path] { #expect(SharedFile.Counts(database) == counts) }

        let (written, derived) = try database.madeCheap().written(key: key)
        let again = try LockedFile(parsing: written).open(derived)
        #expect(try DatabaseContents(again) == DatabaseContents(database))
        #expect(again.version == file.version)
    }

    static let cheap = SharedFile.all.filter { file in
        ["a/test3.kdbx", "b/test_db_few_rounds.kdbx", "b/test_db_kdbx4_with_password_argon2.kdbx"]
            .contains(file.path)
    }

    @Test(arguments: cheap)
    func `a wrong password is told from a damaged file`(file: SharedFile) throws {
        let wrong = try CompositeKey(password: SecretBytes(utf8: "not this one"))
        #expect(throws: KDBXError.wrongKey) { try Database(reading: file.bytes(), key: wrong) }
    }

    @Test func `an empty password is not an absent one`() throws {
        let file = try SharedFiles.bytes("a/test4_blankpass.kdbx")
        let keyFile = try SharedFiles.bytes("a/test4.key")
        let absent = try CompositeKey(password: nil, keyFile: keyFile)
        #expect(throws: KDBXError.wrongKey) { try Database(reading: file, key: absent) }
    }

    static let refused: [(String, KDBXError)] = [
        ("b/broken_kdbx_version.kdbx", .unsupportedVersion(major: 42, minor: 0)),
        ("b/broken_random_data.kdbx", .notKDBX),
        ("b/test_db_kdb_with_password.kdb", .keePass1),
    ]

    @Test(arguments: refused)
    func `what is no KDBX file is refused for what it is`(path: String, error: KDBXError) throws {
        let bytes = try SharedFiles.bytes(path)
        #expect(throws: error) { try LockedFile(parsing: bytes) }
    }

    @Test func `a key file of an unknown version is refused`() throws {
        let keyFile = try SharedFiles.bytes("a/test_invalidversion.key")
        #expect(throws: KDBXError.keyFile(.version)) { try CompositeKey(password: nil, keyFile: keyFile) }
    }
}

extension SharedFile.Counts {
    init(_ database: Database) {
        let entries = database.entries
        var groups = [database.root]
        var index = 0
        while index < groups.count {
            groups += groups[index].groups
            index += 1
        }
        let states = entries.flatMap(\.history) + entries
        self.init(
            entries: entries.count,
            groups: groups.count,
            formerStates: entries.reduce(0) { $0 + $1.history.count },
            files: Set(states.flatMap { state in state.attachments.compactMap { state.attachment($0) } })
                .count
        )
    }
}
