// SPDX-License-Identifier: Apache-2.0

import KDBX

extension SharedFile {
    /// Every file of that folder that is to open.
    static let all: [SharedFile] =
        pykeepass + keepassRS

    private static let pykeepass: [SharedFile] =
        ["test3", "test3_transformed"].map {
            SharedFile(path: "a/\($0).kdbx", password: "password", keyFile: "a/test3.key", version: .v3_1)
        }
        + ["test4", "test4_aes", "test4_aeskdf", "test4_chacha20", "test4_twofish", "test4_transformed"].map {
            SharedFile(path: "a/\($0).kdbx", password: "password", keyFile: "a/test4.key")
        }
        + [
            "test4_aes_uncompressed", "test4_chacha20_uncompressed", "test4_twofish_uncompressed",
            "test4_argon2id", "extra_content",
        ].map { SharedFile(path: "a/\($0).kdbx", password: "password") }
        + [
            SharedFile(path: "a/test4_hex.kdbx", password: "password", keyFile: "a/test4_hex.key"),
            SharedFile(path: "a/test4_keyx.kdbx", password: "password", keyFile: "a/test4_keyx.keyx"),
            SharedFile(path: "a/test4_blankpass.kdbx", password: "", keyFile: "a/test4.key"),
        ]

    private static let keepassRS: [SharedFile] =
        ["test_db_with_password", "test_db_kdb3_with_file_larger_1mb"].map {
            SharedFile(path: "b/\($0).kdbx", password: "demopass", version: .v3_1)
        }
        + [
            SharedFile(path: "b/test_db_with_keyfile.kdbx", keyFile: "b/test_key.key", version: .v3_1),
            SharedFile(path: "b/test_db_kdbx4_with_keyfile.kdbx", keyFile: "b/test_key.key"),
            SharedFile(
                path: "b/test_db_with_keyfile_xml.kdbx",
                keyFile: "b/test_key_xml.key",
                version: .v3_1
            ),
            SharedFile(
                path: "b/test_db_kdbx3_with_chacha20_protected_fields.kdbx",
                password: "password",
                version: .v3_1
            ),
            SharedFile(
                path: "b/test_db_with_challenge_response_key.kdbx",
                password: "demopass",
                challengeSecret: Array(1...16) + Array(0x11...0x14)
            ),
        ]
        + [
            "few_rounds", "kdbx4_with_password_argon2", "kdbx4_with_password_argon2_chacha20",
            "kdbx4_with_password_argon2_twofish", "kdbx4_with_password_argon2id",
            "kdbx4_with_password_argon2id_chacha20", "kdbx4_with_password_argon2id_twofish",
            "kdbx4_with_password_deleted_entry",
        ].map { SharedFile(path: "b/test_db_\($0).kdbx", password: "demopass") }
        + ["kdbx41_features", "kdbx41_with_password_aes", "kdbx4_with_password_aes"].map {
            SharedFile(path: "b/test_db_\($0).kdbx", password: "demopass", version: .v4_1)
        }
        + ["v2", "v2_alt"].map {
            SharedFile(
                path: "b/test_db_kdbx4_with_keyfile_\($0).kdbx",
                password: "demopass",
                keyFile: "b/test_db_kdbx4_with_keyfile_\($0).keyx"
            )
        }
        + ["totp_entry", "totp_sha512_entry"].map {
            SharedFile(path: "b/test_db_kdbx4_with_\($0).kdbx", password: "test")
        }

    /// How much is in a file, as pykeepass 4.2 counts it.
    struct Counts: Equatable, Sendable {
        var entries: Int
        var groups: Int
        var formerStates: Int
        var files: Int
    }

    /// The counts by path; without the challenge-response file, which pykeepass does not open.
    static let counts: [String: Counts] = [
        "a/test3.kdbx": Counts(entries: 15, groups: 7, formerStates: 18, files: 1),
        "a/test3_transformed.kdbx": Counts(entries: 13, groups: 6, formerStates: 11, files: 0),
        "a/test4.kdbx": Counts(entries: 15, groups: 7, formerStates: 19, files: 1),
        "a/test4_aes.kdbx": Counts(entries: 2, groups: 7, formerStates: 0, files: 0),
        "a/test4_aeskdf.kdbx": Counts(entries: 2, groups: 7, formerStates: 0, files: 0),
        "a/test4_chacha20.kdbx": Counts(entries: 2, groups: 7, formerStates: 0, files: 0),
        "a/test4_twofish.kdbx": Counts(entries: 2, groups: 7, formerStates: 0, files: 0),
        "a/test4_transformed.kdbx": Counts(entries: 13, groups: 6, formerStates: 13, files: 0),
        "a/test4_aes_uncompressed.kdbx": Counts(entries: 1, groups: 1, formerStates: 0, files: 0),
        "a/test4_chacha20_uncompressed.kdbx": Counts(entries: 1, groups: 1, formerStates: 0, files: 0),
        "a/test4_twofish_uncompressed.kdbx": Counts(entries: 1, groups: 1, formerStates: 0, files: 0),
        "a/test4_argon2id.kdbx": Counts(entries: 0, groups: 1, formerStates: 0, files: 0),
        "a/extra_content.kdbx": Counts(entries: 0, groups: 1, formerStates: 0, files: 0),
        "a/test4_hex.kdbx": Counts(entries: 3, groups: 7, formerStates: 3, files: 0),
        "a/test4_keyx.kdbx": Counts(entries: 1, groups: 1, formerStates: 0, files: 0),
        "a/test4_blankpass.kdbx": Counts(entries: 0, groups: 1, formerStates: 0, files: 0),
        "b/test_db_with_password.kdbx": Counts(entries: 6, groups: 5, formerStates: 3, files: 0),
        "b/test_db_kdb3_with_file_larger_1mb.kdbx": Counts(entries: 1, groups: 1, formerStates: 1, files: 1),
        "b/test_db_few_rounds.kdbx": Counts(entries: 1, groups: 1, formerStates: 0, files: 0),
        "b/test_db_kdbx4_with_password_argon2.kdbx": Counts(entries: 2, groups: 1, formerStates: 0, files: 0),
        "b/test_db_kdbx4_with_password_argon2_chacha20.kdbx": Counts(
            entries: 1,
            groups: 1,
            formerStates: 0,
            files: 0
        ),
        "b/test_db_kdbx4_with_password_argon2_twofish.kdbx": Counts(
            entries: 1,
            groups: 1,
            formerStates: 0,
            files: 0
        ),
        "b/test_db_kdbx4_with_password_argon2id.kdbx": Counts(
            entries: 2,
            groups: 1,
            formerStates: 0,
            files: 0
        ),
        "b/test_db_kdbx4_with_password_argon2id_chacha20.kdbx": Counts(
            entries: 1,
            groups: 1,
            formerStates: 0,
            files: 0
        ),
        "b/test_db_kdbx4_with_password_argon2id_twofish.kdbx": Counts(
            entries: 1,
            groups: 1,
            formerStates: 0,
            files: 0
        ),
        "b/test_db_kdbx4_with_password_deleted_entry.kdbx": Counts(
            entries: 3,
            groups: 2,
            formerStates: 0,
            files: 0
        ),
        "b/test_db_kdbx4_with_password_aes.kdbx": Counts(entries: 1, groups: 1, formerStates: 3, files: 0),
        "b/test_db_kdbx41_features.kdbx": Counts(entries: 2, groups: 2, formerStates: 0, files: 0),
        "b/test_db_kdbx41_with_password_aes.kdbx": Counts(entries: 4, groups: 3, formerStates: 4, files: 0),
        "b/test_db_with_keyfile.kdbx": Counts(entries: 1, groups: 1, formerStates: 0, files: 0),
        "b/test_db_kdbx4_with_keyfile.kdbx": Counts(entries: 1, groups: 1, formerStates: 0, files: 0),
        "b/test_db_with_keyfile_xml.kdbx": Counts(entries: 6, groups: 5, formerStates: 2, files: 0),
        "b/test_db_kdbx3_with_chacha20_protected_fields.kdbx": Counts(
            entries: 1,
            groups: 2,
            formerStates: 0,
            files: 0
        ),
        "b/test_db_kdbx4_with_keyfile_v2.kdbx": Counts(entries: 1, groups: 1, formerStates: 0, files: 0),
        "b/test_db_kdbx4_with_keyfile_v2_alt.kdbx": Counts(entries: 2, groups: 7, formerStates: 0, files: 0),
        "b/test_db_kdbx4_with_totp_entry.kdbx": Counts(entries: 1, groups: 1, formerStates: 2, files: 0),
        "b/test_db_kdbx4_with_totp_sha512_entry.kdbx": Counts(
            entries: 1,
            groups: 1,
            formerStates: 4,
            files: 0
        ),
    ]
}
