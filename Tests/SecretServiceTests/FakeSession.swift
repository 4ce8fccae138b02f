// SPDX-License-Identifier: Apache-2.0

import DBus
import TestSupport

/// A provider's side of a session.
///
/// Its public key is 1, so that what both sides share is 1 too, whatever the other's key is, and each session has the same
/// AES key: HKDF-SHA256 of 127 zeros and a one. What is encrypted with that can stand here.
enum FakeSession {
    static let path: ObjectPath = "/org/freedesktop/secrets/session/s1"

    /// Opens one; `called` is told of each that is.
    static func open(
        isEncrypted: Bool = true,
        called: @escaping @Sendable () async -> Void
    ) -> Method {
        Method(
            "OpenSession",
            in: [Argument("algorithm", "s"), Argument("input", "v")],
            out: [Argument("output", "v"), Argument("result", "o")]
        ) { call async throws(DBusError) in
            let known = isEncrypted ? "dh-ietf1024-sha256-aes128-cbc-pkcs7" : "plain"
            guard call.body.first == .string(known) else {
                throw DBusError(
                    name: "org.freedesktop.DBus.Error.NotSupported",
                    message: "only \(known) sessions"
                )
            }
            await called()
            let key: Value = isEncrypted ? .array("y", [.byte(1)]) : .string("")
            return [.variant(key), .objectPath(path)]
        }
    }

    /// The secret "a", under an initialization vector of zeros.
    static let secret: Value = {
        let encrypted: [UInt8] = [
            0x7B, 0xE5, 0x3F, 0x7B, 0xA7, 0xF2, 0x55, 0x8F, 0xCC, 0x29, 0xBE, 0x2D, 0x50, 0xA7, 0xC0, 0xB1,
        ]
        return .structure([
            .objectPath(path), .array("y", Array(repeating: .byte(0), count: 16)),
            .array("y", encrypted.map { .byte($0) }), .string("text/plain"),
        ])
    }()
}
