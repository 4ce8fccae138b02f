// SPDX-License-Identifier: Apache-2.0

import Ciphers
import Foundation
import SecureMemory
import TestSupport

@testable import KDBX

/// A KDBX file made here, and a session whose daemon has it as its vault.
struct BuiltVault {
    static let then = Timestamp(unix: 1_700_000_000)
    let folder: TemporaryFolder
    let session: DaemonSession

    /// - Parameters:
    ///   - file: What is in the vault's file.
    ///   - password: The password that its command prints; from a file, so that it stands in no configuration.
    ///   - unlock: Lines of the table `[unlock]`.
    /// - Throws: What keeps the session from starting.
    init(_ file: [UInt8], password: String = "demopass", unlock: String = "") async throws {
        folder = try TemporaryFolder()
        try folder.write("password", password)
        try Data(file).write(to: URL(filePath: folder.path("main.kdbx")))
        session = try await DaemonSession(
            """
            [[vault]]
            kind = "kdbx"
            name = "main"
            path = "\(folder.path("main.kdbx"))"
            password_command = ["cat", "\(folder.path("password"))"]
            [unlock]
            \(unlock)
            """
        )
    }

    /// Puts another file in its place, as most programs do it.
    func replace(_ file: [UInt8]) throws {
        try Data(file).write(to: URL(filePath: folder.path("main.kdbx")), options: .atomic)
    }

    /// A whole file with one entry.
    static func file(
        _ fields: [FieldChange] = [],
        password: String = "demopass",
        key: CompositeKey? = nil,
        derivation: KeyDerivation = .aes(rounds: 10)
    ) throws -> [UInt8] {
        var database = Database(new: "Vault", Layout(keyDerivation: derivation), at: then)
        guard let root = database.root.id else { throw TestFailure("no root") }
        _ = try database.addEntry(
            to: root,
            [FieldChange("Title", "Example"), FieldChange("URL", "https://example.org/")] + fields,
            at: then
        )
        let key = try key ?? CompositeKey(password: SecretBytes(utf8: password))
        return try database.written(key: key).file
    }

    /// A header that asks for a derivation, with nothing to decrypt behind it: some hundred bytes.
    static func bomb(_ derivation: KeyDerivation) throws -> [UInt8] {
        var header = Database(new: "Vault", Layout(), at: then).header
        header.set(derivation)
        return header.encoded + Digest.sha256(header.encoded) + [UInt8](repeating: 0, count: 64)
    }

    /// The processes that derive a key for the daemon.
    func derivations() throws -> [Int32] {
        let daemon = try session.daemon.pid
        return try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { name in
            guard let pid = Int32(name),
                // Gone meanwhile is gone.
                let line = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
                let end = line.range(of: ") ", options: .backwards),
                line[..<end.lowerBound].hasSuffix("(keybell-kdf")
            else { return nil }
            let parts = line[end.upperBound...].split(separator: " ")
            return parts.count > 1 && parts[0] != "Z" && Int32(parts[1]) == daemon ? pid : nil
        }
    }

    /// Waits until there are so many of them.
    func waitForDerivations(_ count: Int) async throws -> [Int32] {
        for _ in 0..<400 {
            let found = try derivations()
            if found.count == count { return found }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw TestFailure(
            "not \(count) derivations but \(try derivations()): \(try session.daemon.soFar.errors)"
        )
    }
}
