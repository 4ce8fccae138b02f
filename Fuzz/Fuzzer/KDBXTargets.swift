// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory
import XMLTree

@testable import KDBX

extension Target {
    private static let now = Timestamp(unix: 1_700_000_000)

    private static func database(_ version: FormatVersion) -> Database? {
        var layout = Layout(version: version, keyDerivation: .aes(rounds: 1), compression: .none)
        layout.protection = version == .v3_1 ? .salsa20 : .chaCha20
        var database = Database(new: "Fuzz", layout, at: now)
        guard let root = database.root.id else { return nil }
        let password = FieldChange("Password", SecretBytes(utf8: "p"), isProtected: true)
        let id = try? database.addEntry(to: root, [FieldChange("Title", "T"), password], at: now)
        if let id { _ = try? database.change(id, [FieldChange("Title", "U")], at: now) }
        return database
    }

    private static let key = try? CompositeKey(password: SecretBytes(utf8: "demopass"))
    private static let limits: KDBXLimits = {
        var limits = KDBXLimits()
        (limits.aesRounds, limits.argon2Memory, limits.argon2Work) = (100, 1 << 16, 1 << 17)
        limits.contentSize = 1 << 24
        return limits
    }()

    /// A whole file, with the right password: header, checksums, blocks.
    static let file = Target { bytes in
        guard let key, let file = try? LockedFile(parsing: bytes),
            let derived = try? file.derive(key, limits: limits)
        else { return }
        _ = try? file.open(derived, limits: limits)
    } seeds: {
        [FormatVersion.v3_1, .v4_1].compactMap { version in
            key.flatMap { try? database(version)?.written(key: $0).file }
        }
    }

    /// What is within the encryption of version 4, which nobody but the file's owner can alter: inner header and XML.
    ///
    /// What opens is looked through, changed, merged with itself, written and read again.
    static let content = Target { bytes in
        guard var database = opened(bytes) else { return }
        for entry in database.entries {
            _ = (
                entry.strings, entry.tags, entry.created, entry.expires, entry.group?.path,
                entry.history.count
            )
            for field in entry.fields { _ = entry.secret(field.name) }
            for name in entry.attachments { _ = entry.attachment(name) }
        }
        if let id = database.entries.first?.id {
            _ = try? database.change(id, [FieldChange("Title", "other")], at: now)
        }
        let due = database.entries.compactMap { entry in
            entry.id.map { ($0, Set([entry.modified.map { DueState($0) }].compactMap(\.self))) }
        }
        database.merge(Dictionary(due) { first, _ in first }, from: database)
        let inner = InnerStream(fresh: .chaCha20)
        guard let text = try? ProtectedValues.text(of: database.document, inner) else { return }
        let again = opened(database.innerHeader.encoded(stream: inner) + text)
        precondition(again?.entries.count == database.entries.count, "what was written isn't what was meant")
    } seeds: {
        guard let database = database(.v4_1) else { return [] }
        let inner = InnerStream(fresh: .chaCha20)
        guard let text = try? ProtectedValues.text(of: database.document, inner) else { return [] }
        return [database.innerHeader.encoded(stream: inner) + text]
    }

    private static func opened(_ bytes: [UInt8]) -> Database? {
        var reader = ByteReader(bytes)
        guard let (header, stream) = try? InnerHeader.read(&reader),
            var document = try? Document(parsing: bytes[reader.position...])
        else { return nil }
        guard (try? ProtectedValues.seal(in: &document, stream)) != nil else { return nil }
        return try? Database(
            header: OuterHeader(version: .v4_1),
            innerHeader: header,
            innerStream: stream.kind,
            document: document
        )
    }

    /// The dictionary of key derivation parameters, read before anything is authenticated.
    static let dictionary = Target { bytes in
        guard let dictionary = try? VariantDictionary(parsing: bytes) else { return }
        precondition((try? VariantDictionary(parsing: dictionary.encoded)) == dictionary)
        guard let derivation = try? KeyDerivation(dictionary) else { return }
        try? derivation.check(limits)
        _ = derivation.dictionary(changing: dictionary).encoded
    } seeds: {
        let derivations: [KeyDerivation] = [
            .aes(rounds: 1), .argon2(.init(.id, memory: 65536, iterations: 1, lanes: 1)),
        ]
        return derivations.map { $0.dictionary(changing: VariantDictionary()).encoded }
    }

    /// A key file.
    static let keyFile = Target { bytes in
        _ = try? KeyFile.key(of: bytes)
    } seeds: {
        let data =
            "<KeyFile><Meta><Version>2.0</Version></Meta><Key><Data Hash=\"00000000\">00 11</Data></Key></KeyFile>"
        let old = "<KeyFile><Meta><Version>1.00</Version></Meta><Key><Data>AAAA</Data></Key></KeyFile>"
        return [data, old, String(repeating: "0a", count: 32)].map { Array($0.utf8) }
    }
}
