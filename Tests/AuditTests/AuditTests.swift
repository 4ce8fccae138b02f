// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Linux
import Logging
import Synchronization
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
            isInJournal: { _ in false },
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

    @Test(
        arguments: [
            (
                [.kind: "unlock", .outcome: "allowed", .reason: "came to nothing", .vault: "work"],
                "was allowed by keybell on a terminal, but came to nothing: /usr/bin/git asked to unlock work"
            ),
            (
                [.kind: "associate", .outcome: "denied"],
                "was denied by keybell on a terminal: /usr/bin/git asked to become a client"
            ),
            (
                [.kind: "associate", .outcome: "expired", .by: nil],
                "has expired: /usr/bin/git asked to become a client"
            ),
            (
                [.kind: "overwrite", .outcome: "withdrawn", .by: nil, .client: "git"],
                "was withdrawn: /usr/bin/git asked to take over the name of client “git”"
            ),
            (
                [
                    .kind: "release", .outcome: "denied", .scope: "always",
                    .request: "get-logins-custom-search",
                ],
                "was denied for good by keybell on a terminal: /usr/bin/git asked to search logins"
            ),
            (
                [.kind: "associate", .outcome: "denied", .mute: "600"],
                "was denied by keybell on a terminal, and its program muted for 10 minutes: /usr/bin/git asked to become a client"
            ),
            (
                [.kind: "release", .outcome: "allowed", .scope: "session", .host: "a.example", .count: "2"],
                "was allowed for this session by keybell on a terminal: /usr/bin/git asked for 2 logins for a.example"
            ),
            (
                [
                    .kind: "save", .outcome: "denied", .scope: "once", .reason: "unconfirmed",
                    .host: "a.example",
                ],
                "was denied by keybell on a terminal, since it wasn't confirmed: /usr/bin/git asked to save a login for a.example"
            ),
        ] as [([AuditRecord.Field: String?], String)]
    )
    func `what became of a question is a sentence`(fields: [AuditRecord.Field: String?], sentence: String) {
        let common: [AuditRecord.Field: String?] = [
            .code: "7F2A", .program: "/usr/bin/git", .by: "keybell on a terminal",
        ]
        let record = AuditRecord(.answered, time: 1, common.merging(fields) { $1 })
        #expect(record.sentence == "7F2A \(sentence)")
    }

    @Test func `what was forgotten or shown again is a sentence in a user's words`() {
        func sentence(_ event: AuditRecord.Event, _ fields: [AuditRecord.Field: String?]) -> String {
            AuditRecord(event, time: 1, fields.merging([.by: "/usr/bin/keybell"]) { $1 }).sentence
        }
        let kinds = ["release": "logins", "change": "changes", "create": "new logins"]
        for (kind, words) in kinds {
            let fields: [AuditRecord.Field: String?] = [
                .kind: kind, .decision: "deny", .host: "a.example", .client: "git",
            ]
            #expect(sentence(.forgotten, fields).contains("the decision to deny \(words) for a.example"))
        }
        #expect(
            sentence(.unmuted, [.code: "7F2A"]).hasSuffix(
                "requests like 7F2A are shown again: /usr/bin/keybell ended the quiet time"
            )
        )
        #expect(
            sentence(.unmuted, [.program: "/usr/bin/git"]).hasSuffix(
                "requests of /usr/bin/git are shown again: /usr/bin/keybell ended the mute"
            )
        )
    }

    @Test func `who locked a vault, or why it was locked, is a sentence`() {
        func sentence(_ reason: String) -> String {
            AuditRecord(.locked, time: 1, [.vault: "work", .reason: reason]).sentence
        }
        #expect(sentence("by /usr/bin/keybell") == "work was locked by /usr/bin/keybell")
        #expect(sentence("the computer goes to sleep") == "work was locked: the computer goes to sleep")
    }

    @Test(arguments: [
        ("login.example:8443", "login.example:8443"), ("[::1]:8080", "[::1]:8080"), ("mail", "mail"),
        (
            "git.example as client firefox, under answer 9AS9",
            "“git.example as client firefox, under answer 9AS9”"
        ),
        ("x: there is none", "“x: there is none”"),
    ])
    func `what a client names in place of a host stands in quotes`(host: String, shown: String) {
        let record = AuditRecord(
            .nothingFound,
            time: 1,
            [.program: "/usr/bin/git", .host: host, .client: "git"]
        )
        #expect(
            record.sentence
                == "/usr/bin/git asked for a login for \(shown) as client “git”: there is none"
        )
    }

    @Test func `who has answered isn't taken for who asked`() {
        let answered = AuditRecord(
            .answered,
            time: 1,
            [.code: "7F2A", .outcome: "allowed", .kind: "release", .by: "keybell on a terminal"]
        )
        #expect(
            answered.sentence
                == "7F2A was allowed by keybell on a terminal: an unknown program asked for logins"
        )
        let locked = AuditRecord(.revoked, time: 1, [.client: "git", .by: "keybell"])
        #expect(locked.sentence == "client “git” was revoked by keybell")
    }

    @Test func `without a journal records are kept in a file for this user alone`() async throws {
        let folder = try TemporaryFolder()
        let trail = trail(in: folder)
        #expect(await trail.keep(Self.record))
        #expect(await trail.keep(.locked, [.vault: "keyring", .reason: "the screen was locked"]))
        let kept = AuditFile(folder: folder.path("state")).read().records
        #expect(kept.map(\.event) == [.handedOut, .locked])
        #expect(kept.first?.fields == Self.record.fields && kept.first?.time == Self.record.time)
        let attributes = try FileManager.default.attributesOfItem(
            atPath: folder.path("state/audit.jsonl")
        )
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    }

    @Test func `the file rotates, and what was cut off is skipped`() throws {
        let folder = try TemporaryFolder()
        let file = AuditFile(folder: folder.path("state"))
        let long = AuditRecord(.locked, time: 1, [.reason: String(repeating: "x", count: 300_000)])
        for _ in 0..<8 { try file.append(long) }
        let sizes = try ["audit.jsonl", "audit.1.jsonl"].map { name in
            try FileManager.default.attributesOfItem(atPath: folder.path("state/\(name)"))[.size] as? Int
                ?? 0
        }
        #expect(sizes.allSatisfy { 0 < $0 && $0 <= AuditFile.limit })
        #expect(file.read().records.count == sizes.reduce(0, +) / 300_000)
        let cut = try FileHandle(forWritingTo: URL(filePath: folder.path("state/audit.jsonl")))
        try cut.seekToEnd()
        try cut.write(contentsOf: Data("{\"event\":\"loc".utf8))
        try cut.close()
        #expect(file.read().records.count == sizes.reduce(0, +) / 300_000)
    }

    @Test func `a line that is too long, or what is no file, takes nothing from the rest of the record`()
        throws
    {
        let folder = try TemporaryFolder()
        let state = folder.path("state")
        let file = AuditFile(folder: state)
        func record(_ reason: String) -> AuditRecord { AuditRecord(.locked, time: 1, [.reason: reason]) }
        try file.append(record("before"))
        let long = String(repeating: "x", count: 3 << 20)
        let written = try #require(FileHandle(forWritingAtPath: state + "/audit.jsonl"))
        try written.seekToEnd()
        try written.write(contentsOf: Data((long + "\n").utf8))
        try written.write(contentsOf: Data(record("behind").line))
        try written.close()
        var reading = file.read()
        #expect(reading.records.map { $0.fields[.reason] } == ["behind"])
        #expect(reading.troubles.map { $0.hasPrefix("audit.jsonl: it is too long") } == [true])
        var follower = file.follower(of: .main)
        #expect(try follower.next() == [Array(record("behind").line.dropLast())])
        // It is moved away as any that is full, and a pipe takes the place of the next.
        try file.append(record("after"))
        #expect(try follower.next() == [Array(record("after").line.dropLast())])
        try FileManager.default.removeItem(atPath: state + "/audit.jsonl")
        #expect(unsafe mkfifo(state + "/audit.jsonl", 0o600) == 0)
        reading = file.read()
        #expect(reading.records.map { $0.fields[.reason] } == ["behind"])
        #expect(reading.troubles.contains("audit.jsonl: not a regular file"))
        guard case .nowhere(let reason)? = AuditTrail.trouble(in: state, journal: folder.path("none")) else {
            Issue.record("a pipe is taken for a record")
            return
        }
        #expect(reason.contains("Not a regular file"))
    }

    @Test func `whoever follows the file gets each record once, whatever is moved away meanwhile`()
        async throws
    {
        let folder = try TemporaryFolder()
        let file = AuditFile(folder: folder.path("state"))
        func append(_ numbers: ClosedRange<UInt64>) throws {
            for number in numbers {
                let text = String(repeating: "x", count: 300_000)
                try file.append(AuditRecord(.locked, time: number, [.reason: text]))
            }
        }
        // Three of these are in a file.
        try append(1...4)
        let stream = try RecordStream.open(folder: folder.path("state"), daemons: [])
        #expect(stream.kept.map(\.time) == [1, 2, 3, 4])
        var told: [UInt64] = []
        var records = stream.records.makeAsyncIterator()
        // One, to the end of the file, over its end, and two files at once, of which the first begins when nobody looks.
        for numbers in [5...5, 6...6, 7...8, 9...15] as [ClosedRange<UInt64>] {
            try append(numbers)
            while let time = await records.next()?.time {
                told.append(time)
                if time == numbers.upperBound { break }
            }
        }
        #expect(told.count == Set(told).count && told == told.sorted())
        // Of three files at once the first is gone when somebody looks.
        #expect(Set(5...8).isSubset(of: told) && told.last == 15)
    }

    @Test
    func
        `lines are followed over two files that were begun since, and one that is cut off comes when it is whole`()
        throws
    {
        let folder = try TemporaryFolder()
        let (path, former) = (folder.path("lines"), folder.path("former"))
        func append(_ text: String) throws {
            var file = RotatedLineFile(path, limit: 10, former: former)
            try file.append(Array("\(text)\n".utf8), until: .now + .seconds(60))
        }
        func write(_ text: String) throws {
            let file = try FileHandle(forWritingTo: URL(filePath: path))
            try file.seekToEnd()
            try file.write(contentsOf: Data(text.utf8))
            try file.close()
        }
        var follower = LineFollower(path, former: former, limit: 100)
        func next() throws -> [String] {
            try follower.next().map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(try next().isEmpty)
        for text in ["one", "two", "three"] { try append(text) }
        #expect(try next() == ["one", "two", "three"])
        #expect(try next().isEmpty)
        // The file of "three", then one that is full, then another.
        for text in ["four", "five", "six"] { try append(text) }
        #expect(try next() == ["four", "five", "six"])
        try append("seven")
        #expect(try next() == ["seven"])
        // Another process is in the middle of a line.
        try write("ei")
        #expect(try next().isEmpty)
        try write("ght\n")
        #expect(try next() == ["eight"])
        try FileManager.default.removeItem(atPath: path)
        #expect(try next().isEmpty)
        try append("nine")
        #expect(try next() == ["nine"])
    }

    @Test func `no file is no record`() throws {
        #expect(AuditFile(folder: "/nonexistent/keybell").read().records.isEmpty)
    }

    @Test func `an entry of the journal is read back as the record it was`() throws {
        let entry = #"""
            {"MESSAGE":"…","KEYBELL_EVENT":"handed-out","KEYBELL_TIME":"1790000000","KEYBELL_CLIENT":"firefox",
            "KEYBELL_PROGRAM":"/usr/bin/firefox","KEYBELL_HOST":"example.org","KEYBELL_VAULT":"keyring",
            "KEYBELL_COUNT":"1","KEYBELL_ENTRIES":"AA","KEYBELL_UNDER":"answer 7F2A","_PID":"42","_EXE":"/usr/bin/keybelld",
            "SOME_BYTES":[1,2,3]}
            """#
        let daemons: Set = ["/usr/bin/keybelld"]
        func read(_ text: String) -> AuditRecord? {
            AuditJournalReader.record(Array(text.utf8)[...], of: daemons)
        }
        #expect(read(entry) == Self.record)
        #expect(read(entry.replacing("keybelld\"", with: "keybelld (deleted)\"")) == Self.record)
        #expect(read(#"{"MESSAGE":"another program's"}"#) == nil)
        // What any program of the user can write is told as its own, not as the daemon's.
        #expect(
            read(entry.replacing("/usr/bin/keybelld", with: "/usr/bin/logger"))?.stranger
                == "/usr/bin/logger"
        )
        #expect(read(entry.replacing("_EXE", with: "EXE"))?.stranger?.isEmpty == true)
        #expect(read(entry.replacing("/usr/bin/", with: "/home/me/"))?.stranger == "/home/me/keybelld")
    }

    @Test func `another program's record takes none of the daemon's away and adds nothing to it`() {
        func record(_ event: AuditRecord.Event, by stranger: String? = nil) -> AuditRecord {
            var record = AuditRecord(
                event,
                time: 1,
                [.delivery: "a", .client: "firefox", .entries: "AA"]
            )
            record.stranger = stranger
            return record
        }
        let forged = [AuditRecord.Event.notSent, .cutShort, .continued].map { record($0, by: "/tmp/x") }
        #expect(AuditRecord.told([record(.handedOut)] + forged) == [record(.handedOut)] + forged)
    }

    @Test(arguments: [
        ("passwords", "got 2 logins without passwords for"), ("", "got 2 logins for"),
        ("passwords fields", "got 2 logins without passwords and string fields for"),
    ])
    func `what was left out of a delivery stands in its record`(without: String, words: String) {
        let record = AuditRecord(
            .handedOut,
            time: 1,
            [.count: "2", .host: "a.example", .without: without]
        )
        #expect(record.sentence.contains(words))
    }

    @Test(arguments: [true, false])
    func `what can't be recorded may not be done, unless it needn't be`(isRequired: Bool) async throws {
        let folder = try TemporaryFolder()
        // A file where the folder should be: neither root nor anybody else can write in it.
        let blocked = try folder.write("blocked", "")
        let trail = AuditTrail(
            folder: blocked + "/state",
            logsToJournal: false,
            journal: folder.path("no-journal"),
            isInJournal: { _ in false },
            isRequired: isRequired,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        #expect(await trail.keep(Self.record) == !isRequired)
        #expect(AuditTrail.trouble(in: blocked + "/state", journal: folder.path("no-journal")) != nil)
        #expect(AuditTrail.trouble(in: folder.path("state"), journal: folder.path("no-journal")) == nil)
    }

    @Test(arguments: [true, false])
    func `where the file takes nothing, what the journal has read back counts, and nothing else`(
        isThere: Bool
    ) async throws {
        let folder = try TemporaryFolder()
        let blocked = try folder.write("blocked", "")
        let asked = Mutex<[Set<String>]>([])
        let trail = AuditTrail(
            folder: blocked + "/state",
            logsToJournal: false,
            journal: folder.path("no-journal"),
            isInJournal: { ids in
                asked.withLock { $0.append(ids) }
                return isThere
            },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        #expect(await trail.keep(Self.record) == isThere)
        #expect(asked.withLock { $0.map(\.count) } == [1])
    }

    @Test func `what the journal takes is in the file as well, under the same name`() async throws {
        let folder = try TemporaryFolder()
        let journal = try ChildProcess(
            "python3",
            ["-c", Self.listener, folder.path("journal")],
            input: nil
        )
        defer { journal.closeInput() }
        try await journal.prints("listening")
        let trail = AuditTrail(
            folder: folder.path("state"),
            logsToJournal: true,
            journal: folder.path("journal"),
            isInJournal: { _ in true },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        #expect(await trail.keep(Self.record))
        let kept = try #require(AuditFile(folder: folder.path("state")).read().records.first)
        #expect(kept.fields == Self.record.fields)
        try await journal.prints("KEYBELL_ID=\(try #require(kept.id))\n")
    }

    /// A journal that prints what it gets.
    private static let listener = """
        import socket, sys
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        s.bind(sys.argv[1])
        print("listening", flush=True)
        print(s.recv(65536).decode(), flush=True)
        sys.stdin.read()
        """

    @Test func `what the file and the journal both have is told once, and what differs beside it`() {
        func record(_ text: String, id: String?, by stranger: String? = nil) -> AuditRecord {
            var record = AuditRecord(.locked, time: 5, [.vault: text])
            (record.id, record.stranger) = (id, stranger)
            return record
        }
        let file = [record("a", id: "1"), record("b", id: "2"), record("old", id: nil)]
        let journal = [
            record("a", id: "1", by: ""), record("forged", id: "2"), record("c", id: "3"),
            record("old", id: nil),
        ]
        let told = AuditRecord.merged(file, journal, now: 9).map { $0.fields[.vault] }
        #expect(told.count == 6 && told.count { $0 == "a" } == 1)
        #expect(Set(told) == ["a", "b", "old", "forged", "c"])
        var seen = SeenRecords()
        let new = (file + journal).filter { seen.insert($0) }
        #expect(new.count == 6)
    }

    @Test
    func `look-ups that find nothing are counted, and however many take no other record's place`()
        async throws
    {
        let folder = try TemporaryFolder()
        let trail = trail(in: folder)
        let file = AuditFile(folder: folder.path("state"))
        #expect(await trail.keep(.handedOut, [.client: "evil", .count: "1"]))
        for number in 0..<5500 {
            let host = number % 2 == 0 ? "a.example" : "h\(number).example"
            #expect(await trail.keep(.nothingFound, [.client: "evil", .host: host]))
        }
        // As at the daemon's end.
        let ending = Task {
            unsafe withUnsafeCurrentTask { task in unsafe task?.cancel() }
            await trail.finish()
        }
        await ending.value
        let kept = file.read().records.filter { $0.event == .nothingFound }
        #expect(kept.count == LookupCounts.mostHosts + 2)
        let counts = kept.map { $0.fields[.count].flatMap { Int($0) } ?? 1 }
        #expect(counts.reduce(0, +) == 5500)
        // Nor do those that are one by one, as questions that are withdrawn.
        let text = String(repeating: "x", count: 1000)
        for _ in 0..<2500 {
            #expect(await trail.keep(.answered, [.outcome: "withdrawn", .client: text]))
        }
        #expect(file.read().records.contains { $0.event == .handedOut })
        #expect(file.read(.minor).records.count < 2500)
    }

    @Test func `each client's look-ups are counted for a minute`() throws {
        let start = ContinuousClock.now
        var counts = LookupCounts()
        func isNew(_ client: String, after seconds: Int) -> Bool {
            let record = AuditRecord(.nothingFound, time: 1, [.client: client, .host: "x"])
            return counts.take(record, now: start + .seconds(seconds))
        }
        #expect(isNew("a", after: 0))
        #expect(!isNew("a", after: 59))
        #expect(isNew("b", after: 59))
        #expect(counts.due == start + .seconds(60))
        let told = counts.takeCounted(now: start + .seconds(60))
        #expect(told.map { $0.fields[.count] } == ["1"])
        #expect(told.first?.sentence.contains("asked once more for a login for x as client") == true)
        #expect(isNew("a", after: 61))
    }

    @Test func `many records at once are all kept, in files that stay open and may be taken away`()
        async throws
    {
        let folder = try TemporaryFolder()
        let trail = trail(in: folder)
        let file = AuditFile(folder: folder.path("state"))
        for _ in 0..<2 {
            await withTaskGroup(of: Bool.self) { group in
                for number in 0..<500 {
                    group.addTask { await trail.keep(.locked, [.vault: "v\(number) \"\\é"]) }
                }
                for await isKept in group { #expect(isKept) }
            }
            let records = file.read().records
            #expect(Set(records.map { $0.fields[.vault] }).count == 500 && records.count == 500)
            #expect(Set(records.map(\.id)).count == 500)
            try FileManager.default.removeItem(atPath: folder.path("state"))
        }
    }

    @Test func `a file that takes no record is found out in a folder that takes new ones`() throws {
        let folder = try TemporaryFolder()
        let (state, none) = (folder.path("state"), folder.path("no-journal"))
        #expect(AuditTrail.trouble(in: state, journal: none) == nil)
        // No file to anybody, root included.
        try FileManager.default.createDirectory(
            atPath: state + "/audit.jsonl",
            withIntermediateDirectories: true
        )
        guard
            case .nowhere(let reason)? = AuditTrail.trouble(in: state, journal: none, isReadable: true)
        else {
            Issue.record("no trouble")
            return
        }
        #expect(reason.hasPrefix("audit.jsonl: "))
        let journal = try folder.write("journal", "")
        #expect(
            AuditTrail.trouble(in: state, journal: journal, isReadable: true) == .journalOnly(reason)
        )
        #expect(AuditTrail.trouble(in: state, journal: journal, isReadable: false) == .nowhere(reason))
        #expect(AuditTrail.trouble(in: folder.path("other"), journal: none) == nil)
    }

    @Test(.enabled(if: getuid() == 0, "a file system of its own needs a mount namespace"))
    func `a full disk on which the next record still has room takes it, and soon no more`() async throws {
        let folder = try TemporaryFolder()
        let state = folder.path("state")
        try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
        let isMounted = try await ChildProcess.run(
            "mount",
            ["-t", "tmpfs", "-o", "size=64k", "tmpfs", state]
        )
        guard isMounted.status == 0 else { return }  // a container that may not
        defer { unsafe umount2(state, 2) }
        try Data(count: 5000).write(to: URL(filePath: state + "/audit.jsonl"))
        try Data(count: 56 << 10).write(to: URL(filePath: state + "/filler"))
        guard case .scarce? = AuditTrail.trouble(in: state, journal: folder.path("none")) else {
            Issue.record("\(String(describing: AuditTrail.trouble(in: state, journal: folder.path("none"))))")
            return
        }
        try Data(count: 8192).write(to: URL(filePath: state + "/audit.jsonl"))
        guard case .nowhere? = AuditTrail.trouble(in: state, journal: folder.path("none")) else {
            Issue.record("\(String(describing: AuditTrail.trouble(in: state, journal: folder.path("none"))))")
            return
        }
    }

    @Test func `a record of 6,000 entries is kept in parts, and told as one`() async throws {
        let folder = try TemporaryFolder()
        let uuids = (0..<6000).map { _ in String(repeating: "A", count: 32) }.joined(separator: " ")
        let long = AuditRecord(
            .handedOut,
            time: 1,
            [.client: "backup", .count: "6000", .entries: uuids, .delivery: "d1"]
        )
        #expect(long.parts.count == 6)
        #expect(await trail(in: folder).keep(long))
        let kept = AuditFile(folder: folder.path("state")).read().records
        #expect(kept.count == 6)
        #expect(AuditRecord.told(kept) == [long])
    }

    private func record(_ event: AuditRecord.Event, _ delivery: String) -> AuditRecord {
        AuditRecord(event, time: 1, [.delivery: delivery, .client: "firefox", .count: "2"])
    }

    @Test func `what did not go out isn't told as delivered`() {
        let unsent = [record(.handedOut, "a"), record(.notSent, "a"), record(.handedOut, "b")]
        #expect(AuditRecord.told(unsent) == [record(.handedOut, "b")])
    }

    @Test func `what may have arrived is told as delivered, with a word about it`() {
        for more in [[], [record(.notSent, "a")]] {
            let told = AuditRecord.told([record(.handedOut, "a"), record(.cutShort, "a")] + more)
            #expect(told.map(\.event) == [.handedOut])
            #expect(told.first?.fields[.arrival] == "uncertain")
            #expect(told.first?.sentence.contains("got 2 logins") == true)
            #expect(told.first?.sentence.contains("may have all of it") == true)
        }
    }

    @Test func `what an older daemon wrote as not delivered may have arrived`() throws {
        let line = #"{"client":"firefox","delivery":"a","event":"not-delivered","time":"1"}"#
        let older = try #require(AuditRecord(line: Array(line.utf8)))
        let told = AuditRecord.told([record(.handedOut, "a"), older])
        #expect(told.map { $0.fields[.arrival] } == ["uncertain"])
    }

    @Test func `a clock that was wrong hides no newer record`() {
        func record(_ time: UInt64, _ client: String) -> AuditRecord {
            AuditRecord(.associated, time: time, [.client: client])
        }
        let (file, journal) = (
            [record(9000, "future"), record(20, "b")], [record(10, "a"), record(30, "c")]
        )
        #expect(
            AuditRecord.merged(file, journal, now: 100).map { $0.fields[.client] } == [
                "a", "future", "b", "c",
            ]
        )
    }

    @Test func `appends at the limit, from several threads, lose no file`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("log")
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: 99) + [UInt8(ascii: "\n")]
        var file = RotatedLineFile(path, limit: 1000, former: path + ".1")
        try file.append([UInt8](repeating: UInt8(ascii: "y"), count: 900), until: .now + .seconds(60))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    #expect(throws: Never.self) {
                        var file = RotatedLineFile(path, limit: 1000, former: path + ".1")
                        try file.append(line, until: .now + .seconds(60))
                    }
                }
            }
        }
        // The former one was moved away once, and is all there; what was cut off there took no line with it.
        #expect(try FileBytes.read(path + ".1").prefix(900).allSatisfy { $0 == UInt8(ascii: "y") })
        #expect(try FileBytes.read(path + ".1").count + FileBytes.read(path).count >= 900 + 8 * 100)
    }
}
