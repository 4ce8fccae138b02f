// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Foundation
import Linux
import Logging
import TestSupport
import Testing

@testable import Audit

/// Files of records that another program keeps locked.
struct LockedRecordTests {
    private let folder: TemporaryFolder
    private let file: AuditFile

    init() throws {
        folder = try TemporaryFolder()
        file = AuditFile(folder: folder.path("state"))
    }

    private func trail(timeout: Duration, hasJournal: Bool = false) -> AuditTrail {
        AuditTrail(
            folder: folder.path("state"),
            logsToJournal: false,
            journal: folder.path("no-journal"),
            isInJournal: { _ in hasJournal },
            timeout: timeout,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Locks a file until the handle goes.
    private func lock(_ part: AuditFile.Part) throws -> FileHandle {
        try FileManager.default.createDirectory(
            atPath: folder.path("state"),
            withIntermediateDirectories: true
        )
        let path = file.path(of: part)
        if !FileManager.default.fileExists(atPath: path) {
            try Data().write(to: URL(filePath: path))
        }
        let handle = try FileHandle(forUpdating: URL(filePath: path))
        #expect(flock(handle.fileDescriptor, LOCK_EX) == 0)
        return handle
    }

    @Test func `records that come to nothing hold up none of what is handed out`() async throws {
        let lock = try lock(.minor)
        let trail = trail(timeout: .seconds(60))
        let stuck = (0..<10).map { _ in Task { await trail.keep(.answered, [.outcome: "withdrawn"]) } }
        #expect(
            try await withDeadline(.seconds(20)) { await trail.keep(.handedOut, [.client: "firefox"]) }
        )
        try lock.close()
        for record in stuck { #expect(await record.value) }
        #expect(file.read(.minor).records.count == 10)
        #expect(file.read(.main).records.map(\.event) == [.handedOut])
    }

    @Test func `whoever waits behind others for a locked file is looked for in the journal in time`()
        async throws
    {
        let lock = try lock(.main)
        let trail = trail(timeout: .seconds(8), hasJournal: true)
        let first = Task { await trail.keep(.handedOut, [.client: "firefox"]) }
        // The writer has the first by now, or takes all together.
        await Task.yield()
        let others = (0..<20).map { _ in Task { await trail.keep(.handedOut, [.client: "firefox"]) } }
        for record in [first] + others { #expect(await record.value) }
        try lock.close()
    }

    @Test func `a record too many is refused while the writer waits`() async throws {
        let lock = try lock(.main)
        let writer = AuditWriter(file, timeout: .seconds(600))
        let (failures, failure) = AsyncStream<SystemCallError?>.makeStream()
        // More than may wait beside what the writer has taken by then, whenever it begins.
        for _ in 0..<12_000 {
            writer.append(AuditRecord(.locked, time: 1, [:])) { failure.yield($0) }
        }
        let first = try await withDeadline(.seconds(60)) { () -> SystemCallError?? in
            for await failure in failures { return failure }
            return nil
        }
        #expect(first == .some(.some(SystemCallError(call: "write", code: EBUSY))))
        try lock.close()
    }

    @Test func `a file that stays locked is given up`() async throws {
        let lock = try lock(.main)
        let writer = AuditWriter(file, timeout: .zero)
        let failure = await withCheckedContinuation { continuation in
            writer.append(AuditRecord(.locked, time: 1, [:])) { continuation.resume(returning: $0) }
        }
        #expect(failure == SystemCallError(call: "flock", code: EWOULDBLOCK))
        try lock.close()
    }

    @Test func `at the end all that was counted has one deadline`() async throws {
        let trail = trail(timeout: .seconds(20))
        for number in 0..<600 {
            #expect(await trail.keep(.nothingFound, [.client: "c\(number / 2)", .host: "a.example"]))
        }
        let lock = try lock(.minor)
        // Each of the 256 would take its five seconds.
        try await withDeadline(.seconds(120)) { await trail.finish() }
        try lock.close()
    }

    @Test func `at the end all that was counted is kept, in one go`() async throws {
        let trail = trail(timeout: .seconds(60))
        for number in 0..<600 {
            #expect(await trail.keep(.nothingFound, [.client: "c\(number / 2)", .host: "a.example"]))
        }
        await trail.finish()
        let kept = file.read(.minor).records
        #expect(kept.count { $0.fields[.count] == "1" } == 256)
    }

    @Test func `a line is read back as it was written, whatever stands in it`() {
        let text = "\"\\\u{1}\n\u{7F}é\u{1F600}\u{2028}"
        let record = AuditRecord(.locked, time: 7, [.vault: text, .reason: "r"]).named
        #expect(AuditRecord(line: record.line) == record)
        #expect(record.line.last == UInt8(ascii: "\n"))
    }
}
