// SPDX-License-Identifier: Apache-2.0

import Callers
import Foundation
import Linux
import Synchronization
import TestSupport
import Testing

@testable import Approval

/// Mutes that outlive the daemon.
struct StoredMuteTests {
    private let folder: TemporaryFolder
    private let file: StateFile<StoredMutes>

    init() throws {
        folder = try TemporaryFolder()
        file = StoredMutes.file(in: folder.path("state"))
    }

    private static func reading(_ fixture: QueueFixture, unix: Int64) -> ApprovalQueue.ClockReading {
        ApprovalQueue.ClockReading(instant: fixture.now, unix: unix)
    }

    /// A queue in which git is muted for ten minutes, at the second 1000.
    private static func muted(_ caller: Caller = .named("git")) throws -> (kept: [StoredMute], code: String) {
        var fixture = QueueFixture()
        let code = try fixture.ask(.release(caller), answered: .deny, Choices(muteSeconds: 600))
        return (fixture.queue.storedMutes(now: reading(fixture, unix: 1000)) { _ in 990 }, code)
    }

    /// The queue of the next daemon, at another second.
    private static func next(_ kept: [StoredMute], at unix: Int64) -> QueueFixture {
        var fixture = QueueFixture()
        fixture.queue.takeUp(kept, uid: 1000, now: reading(fixture, unix: unix))
        return fixture
    }

    @Test func `a mute lasts for the rest of its time`() throws {
        let (kept, code) = try Self.muted()
        _ = try file.write(StoredMutes(kept))
        #expect(try file.read()?.mutes == kept)
        var fixture = Self.next(kept, at: 1100)
        #expect(fixture.ask(.save(.named("git"))).answer == .quiet)
        #expect(fixture.ask(.release(.named("firefox"))).code != nil)
        let recent = fixture.queue.recent(now: fixture.now)
        #expect(recent.first?.request.code == code)
        #expect(recent.first?.times.muted == ["/usr/bin/git"])
        #expect(recent.first?.request.unseen == 1)
        #expect(Wording.title(try #require(recent.first?.request.request)).contains("git"))
        fixture.pass(.seconds(499))
        #expect(fixture.ask(.save(.named("git"))).answer == .quiet)
        fixture.pass(.seconds(1))
        #expect(fixture.ask(.save(.named("git"))).code != nil)
    }

    @Test(arguments: ["", "git", "code"]) func `it is ended by whatever names it`(name: String) throws {
        let (kept, code) = try Self.muted()
        var fixture = Self.next(kept, at: 1100)
        #expect(fixture.queue.unmute(name == "code" ? code : name, now: fixture.now).count == 1)
        #expect(fixture.ask(.save(.named("git"))).code != nil)
        #expect(fixture.queue.storedMutes(now: Self.reading(fixture, unix: 1100)) { _ in nil }.isEmpty)
    }

    @Test func `kept once more it is the same`() throws {
        let (kept, _) = try Self.muted()
        let fixture = Self.next(kept, at: 1100)
        #expect(fixture.queue.storedMutes(now: Self.reading(fixture, unix: 1100)) { _ in 990 } == kept)
    }

    @Test func `a muted script is muted, and its program isn't`() throws {
        func python(_ script: String) -> Caller {
            let record = ProcessRecord.named("python3", 7, script: script)
            return Caller(uid: 1000, holders: [record.identity], processes: [record])
        }
        let (kept, _) = try Self.muted(python("/opt/sync.py"))
        var fixture = Self.next(kept, at: 1100)
        #expect(fixture.ask(.save(python("/opt/sync.py"))).answer == .quiet)
        #expect(fixture.ask(.save(python("/opt/other.py"))).code != nil)
    }

    @Test func `a muted Flatpak is muted`() throws {
        let sandbox = try #require(Sandbox(flatpak: "org.example.Mail"))
        let record = ProcessRecord.named("mail", 7)
        let caller = Caller(
            uid: 1000,
            holders: [record.identity],
            processes: [record],
            sandbox: sandbox
        )
        let (kept, _) = try Self.muted(caller)
        var fixture = Self.next(kept, at: 1100)
        #expect(fixture.ask(.save(caller)).answer == .quiet)
        #expect(fixture.queue.recent(now: fixture.now).first?.times.muted == ["org.example.Mail"])
        // It may not end that itself.
        let itself = Answerer(
            identity: record.identity,
            uid: 1000,
            chain: [record],
            sandbox: sandbox
        )
        #expect(!fixture.queue.isUninvolved(itself, now: fixture.now))
        let (muted, _) = try Self.muted()
        let next = Self.next(muted, at: 1100)
        #expect(!next.queue.isUninvolved(.named("git", 300), now: next.now))
        #expect(next.queue.isUninvolved(.named("zsh", 300), now: next.now))
    }

    @Test func `what is over isn't taken up, nor is what no daemon has written`() throws {
        let (kept, _) = try Self.muted()
        #expect(Self.next(kept, at: 1600).queue.mutes.isEmpty)
        // The calendar was set back: it lasts no longer than the longest mute.
        let fixture = Self.next(kept, at: -1_000_000)
        #expect(fixture.queue.mutes.values.allSatisfy { $0.until <= fixture.now + .seconds(86_400) })
        var strange = try #require(kept.first)
        (strange.until, strange.denied, strange.asked) = (.max, .min, .min)
        #expect(Self.next([strange], at: 1100).queue.mutes.count == 1)
        strange.code = "….."
        #expect(Self.next([strange], at: 1100).queue.mutes.isEmpty)
    }

    @Test func `the file is this user's alone`() throws {
        _ = try file.write(StoredMutes(Self.muted().kept))
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path("state/mutes.json"))
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        _ = try file.write(StoredMutes([]))
        #expect(try file.read()?.mutes.isEmpty == true)
    }

    @Test(arguments: [
        "", "{", "[]", #"{"format": 2, "mutes": []}"#, #"{"format": 1, "mutes": [{"code": 1}]}"#,
    ])
    func `a file that makes no sense is an error`(text: String) throws {
        _ = try file.write(StoredMutes([]))
        _ = try folder.write("state/mutes.json", text)
        #expect(throws: StateFileError.senseless) { try file.read() }
    }

    @Test func `without a file nothing is muted`() throws {
        #expect(try file.read() == nil)
    }

    @Test func `what was denied unseen, and how it was shown, outlive the daemon`() throws {
        var request = ApprovalRequest.release(.named("git"))
        request.entries = (1...3).map { EntryLine(uuid: "A\($0)", title: "bank \($0)", username: "ann") }
        var fixture = QueueFixture()
        let code = try fixture.ask(request, answered: .deny, Choices(muteSeconds: 600))
        for _ in 0..<2 { #expect(fixture.ask(.save(.named("git"))).answer == .quiet) }
        let kept = fixture.queue.storedMutes(now: Self.reading(fixture, unix: 1000)) { _ in 990 }
        _ = try file.write(StoredMutes(kept))
        let text = String(decoding: try FileBytes.read(file.path), as: UTF8.self)
        #expect(!text.contains("bank") && !text.contains("ann"), "nothing of an entry")
        let read = try #require(try file.read())
        let ended = try #require(Self.next(read.mutes, at: 1100).queue.ended.first { $0.code == code })
        #expect(ended.unseen == 2)
        #expect(ended.shown?.title == Wording.title(request))
        let limits = ApprovalLimits()
        let lines = Wording.lines(request, limits)
        #expect(ended.shown?.lines.warnings.map(\.text) == lines.warnings.map(\.text))
        // All but the one that names them.
        #expect(ended.shown?.lines.matters.map(\.text) == lines.matters.dropFirst().map(\.text))
    }

    @Test(arguments: [Int.min, .max]) func `a count may be any`(unseen: Int) throws {
        var strange = try #require(Self.muted().kept.first)
        strange.unseen = unseen
        var fixture = Self.next([strange], at: 1100)
        #expect(fixture.ask(.save(.named("git"))).answer == .quiet)
        #expect(fixture.queue.ended.first?.unseen == (unseen < 0 ? 1 : .max))
    }

    @Test func `what is shown of a mute is cleaned, whoever has written the file`() throws {
        let (kept, _) = try Self.muted()
        let encoded = try JSONEncoder().encode(try #require(kept.first?.shown))
        var members = try #require(
            try JSONSerialization.jsonObject(with: encoded) as? [String: Any]
        )
        members["title"] = "a\u{1B}[2Jb\nc"
        members["matters"] = [String](repeating: "x", count: 1000)
        let shown = try JSONDecoder().decode(
            StoredQuestionText.self,
            from: try JSONSerialization.data(withJSONObject: members)
        ).cleaned
        #expect(shown.title.unicodeScalars.allSatisfy { $0.value >= 0x20 })
        #expect(shown.lines.matters.count < 100)
    }

    @Test func `the broker has what was denied unseen kept at the daemon's end, and nothing that is kept`()
        async throws
    {
        let told = Mutex<[[StoredMute]]>([])
        func broker() -> ApprovalBroker {
            ApprovalBroker(
                watchProcess: { process, _ in process },
                keepMutes: { mutes in told.withLock { $0.append(mutes) } }
            )
        }
        var former = try #require(Self.muted().kept.first)
        former.until = Int64(time(nil)) + 600
        let first = broker()
        await first.takeUp([former], uid: 1000)
        #expect(await first.ask(.save(.named("git"))) == .quiet)
        await first.shutDown()
        #expect(told.withLock { $0.map { $0.map(\.unseen) } } == [[1]])
    }

    @Test(arguments: [true, false])
    func `whoever mutes a program is told if that ends with the daemon`(isKept: Bool) async throws {
        let broker = ApprovalBroker(watchProcess: { process, _ in process }, areMutesKept: { _ in isKept })
        for seconds in [nil, 60] as [UInt32?] {
            var events = broker.events().makeAsyncIterator()
            async let answer = broker.ask(.release(.named(seconds == nil ? "git" : "ssh")))
            guard case .added(let request)? = await events.next() else {
                Issue.record("not told")
                return
            }
            let effect = try await broker.answer(
                code: request.code,
                decision: .deny,
                choices: Choices(muteSeconds: seconds),
                through: .notifier
            )
            _ = await answer
            guard seconds != nil, !isKept else {
                #expect(effect == .decided)
                continue
            }
            guard case .notKept(let sentences) = effect else {
                Issue.record("not told")
                return
            }
            #expect(sentences.contains("not after a restart"))
            #expect(await broker.recent().first?.keepTrouble == sentences)
        }
        #expect(await broker.staysUnmuted() == isKept)
    }

    @Test func `the broker has mutes kept as they come and go, and those of before not once more`()
        async throws
    {
        let told = Mutex<[[StoredMute]]>([])
        let broker = ApprovalBroker(
            watchProcess: { process, _ in process },
            keepMutes: { mutes in told.withLock { $0.append(mutes) } }
        )
        let (kept, _) = try Self.muted()
        var former = try #require(kept.first)
        former.until = Int64(time(nil)) + 600
        await broker.takeUp([former], uid: 1000)
        #expect(told.withLock { $0.isEmpty })
        #expect(await broker.isMuted(.named("git")))
        let muted = await broker.recent().first
        #expect(muted?.muted == ["/usr/bin/git"] && muted?.request.caller.pid == nil)
        #expect(muted.map { abs(Int64($0.mutedUntil ?? 0) - former.until) <= 1 } == true)

        var events = broker.events().makeAsyncIterator()
        async let answer = broker.ask(.release(.named("ssh")))
        guard case .added(let request)? = await events.next() else {
            Issue.record("not told")
            return
        }
        try await broker.answer(
            code: request.code,
            decision: .deny,
            choices: Choices(muteSeconds: 60),
            through: .notifier
        )
        _ = await answer
        #expect(told.withLock { $0.map(\.count) } == [2])
        #expect(await broker.unmute("ssh") == ["/usr/bin/ssh"])
        #expect(told.withLock { $0.map(\.count) } == [2, 1])
        #expect(told.withLock { $0.last?.first?.code } == former.code)
    }
}
