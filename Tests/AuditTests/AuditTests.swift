// SPDX-License-Identifier: Apache-2.0

import Foundation
import Kernel
import Logging
import TestSupport
import Testing

@testable import Audit

@Suite struct AuditTests {
    private static let record = AuditRecord(
        .handedOut,
        time: 1_790_000_000,
        [
            .client: "firefox", .program: "/usr/bin/firefox", .host: "example.org", .vault: "keyring",
            .count: "1", .entries: "AA", .under: "answer 7F2A", .origin: nil, .reason: "",
        ]
    )

    private func trail(in folder: TemporaryFolder) -> AuditTrail {
        AuditTrail(
            folder: folder.path("state"),
            logsToJournal: false,
            journal: folder.path("no-journal"),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    @Test func `a record is a sentence`() {
        #expect(
            Self.record.sentence
                == "/usr/bin/firefox got 1 login for example.org from keyring as client “firefox”, under answer 7F2A"
        )
        #expect(Self.record.fields[.reason] == nil)
    }

    @Test func `without a journal records are kept in a file for this user alone`() throws {
        let folder = try TemporaryFolder()
        let trail = trail(in: folder)
        trail.keep(Self.record)
        trail.keep(.locked, [.vault: "keyring", .reason: "the screen was locked"])
        let kept = try AuditFile(folder: folder.path("state")).records()
        #expect(kept.map(\.event) == [.handedOut, .locked])
        #expect(kept.first == Self.record)
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path("state/audit.jsonl"))
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    }

    @Test func `the file rotates, and what was cut off is skipped`() throws {
        let folder = try TemporaryFolder()
        let file = AuditFile(folder: folder.path("state"))
        let long = AuditRecord(.locked, time: 1, [.reason: String(repeating: "x", count: 300_000)])
        for _ in 0..<8 { try file.append(long) }
        let sizes = try ["audit.jsonl", "audit.1.jsonl"].map { name in
            try FileManager.default.attributesOfItem(atPath: folder.path("state/\(name)"))[.size] as? Int ?? 0
        }
        #expect(sizes.allSatisfy { 0 < $0 && $0 <= AuditFile.limit })
        #expect(try file.records().count == sizes.reduce(0, +) / 300_000)
        let cut = try FileHandle(forWritingTo: URL(filePath: folder.path("state/audit.jsonl")))
        try cut.seekToEnd()
        try cut.write(contentsOf: Data("{\"event\":\"loc".utf8))
        try cut.close()
        #expect(try file.records().count == sizes.reduce(0, +) / 300_000)
    }

    @Test func `no file is no record`() throws {
        #expect(try AuditFile(folder: "/nonexistent/keybell").records().isEmpty)
    }

    @Test func `an entry of the journal is read back as the record it was`() throws {
        let entry = #"""
            {"MESSAGE":"…","KEYBELL_EVENT":"handed-out","KEYBELL_TIME":"1790000000","KEYBELL_CLIENT":"firefox",
            "KEYBELL_PROGRAM":"/usr/bin/firefox","KEYBELL_HOST":"example.org","KEYBELL_VAULT":"keyring",
            "KEYBELL_COUNT":"1","KEYBELL_ENTRIES":"AA","KEYBELL_UNDER":"answer 7F2A","_PID":"42",
            "SOME_BYTES":[1,2,3]}
            """#
        #expect(AuditJournal.record(Array(entry.utf8)[...]) == Self.record)
        #expect(AuditJournal.record(Array(#"{"MESSAGE":"another program's"}"#.utf8)[...]) == nil)
    }
}
