// SPDX-License-Identifier: Apache-2.0

import Audit
import BusInterface
import DBus
import Linux
import TestSupport
import Testing
import Vault

/// What is recorded of imports, and said of those that fail.
struct ImportRecordTests {
    private let records = Observed<[AuditTrail.Happened]>([])
    private let fixture: ServiceFixture

    init() async throws {
        let records = records
        fixture = try await ServiceFixture(audit: { happened in records.update { $0 += happened } })
    }

    /// Imports one login.
    private func run(isDryRun: Bool = false) async throws -> [Value] {
        let (own, other) = try ByteStream.pair()
        let passed = try #require(PassedDescriptor(duplicating: other.number))
        // It fits into the socket.
        try own.write(Array("title\0T\0password\0p\0\0\0".utf8), within: .seconds(10))
        return try await fixture.call(
            VaultsInterface.importLogins,
            of: VaultsInterface.description,
            [
                .string(""), .descriptor(passed),
                .vardict([VaultsInterface.ImportOption.dryRun: .boolean(isDryRun)]),
            ]
        )
    }

    @Test(arguments: [
        (true, AuditRecord.Event.loginsCompared, [.count: "1"] as [AuditRecord.Field: String]),
        (false, .loginsImported, [.count: "1", .compared: "1"]),
    ])
    func `an import is recorded, and a dry run, too`(
        _ isDryRun: Bool,
        _ event: AuditRecord.Event,
        _ fields: [AuditRecord.Field: String]
    ) async throws {
        _ = try await run(isDryRun: isDryRun)
        let record = try #require(records.now.first)
        #expect(record.event == event && record.fields[.vault] == "passwords")
        #expect(record.fields[.by] != .some(nil))
        for (field, value) in fields { #expect(record.fields[field] == value) }
    }

    @Test(arguments: [
        (
            AddingFailure(.unavailable("Slow."), isUndecided: true), "isn't known",
            "whether 1 login came into passwords from a file isn't known"
        ),
        (
            AddingFailure(.unavailable("Gone."), added: [0: .random()]), "1 logins were stored",
            "1 login came into passwords from a file"
        ),
        (
            AddingFailure(.unavailable("Gone.")), "Nothing was imported.",
            "0 logins of 1 that were compared came into passwords from a file"
        ),
    ])
    func `what may be in the vault of an import that fails is said and recorded`(
        _ failure: AddingFailure,
        _ words: String,
        _ sentence: String
    ) async throws {
        fixture.vault.failAdding(with: failure)
        await #expect {
            try await run()
        } throws: { error in
            (error as? DBusError).map { $0.message.contains(words) } ?? false
        }
        let record = try #require(records.now.first)
        #expect(AuditRecord(record.event, time: 0, record.fields).sentence.hasPrefix(sentence))
    }
}
