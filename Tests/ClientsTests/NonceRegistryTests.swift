// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import KeePassHTTP
import TestSupport
import Testing

@testable import Clients

@Suite struct NonceRegistryTests {
    static let now: UInt64 = 1_700_000_000
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func store(
        in folder: String? = nil,
        timeout: Duration = .seconds(60),
        rest: Duration = .zero
    ) -> NonceRegistry {
        NonceRegistry(
            folder: folder ?? self.folder.path("state/keybell"),
            timeout: timeout,
            rest: rest,
            logger: quiet
        )
    }

    private var file: String { folder.path("state/keybell/nonces") }

    private static func nonce(_ fingerprint: String = "a", at time: UInt64 = now) -> UsedNonce {
        UsedNonce(.random(), of: NonceOwner(fingerprint: fingerprint), time: time)
    }

    /// A change without an Hmac, as it is carried out.
    private func change(_ nonce: UsedNonce, in store: NonceRegistry) async -> Bool {
        guard await store.load() else { return false }
        guard store.admit(nonce, hasHmac: false, isChange: true) else { return false }
        return await store.record(nonce)
    }

    @Test func `a change is known to the next process, for this user's eyes alone`() async throws {
        let nonce = Self.nonce()
        #expect(await change(nonce, in: store()))
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let next = store()
        #expect(await next.load())
        #expect(!next.admit(nonce, hasHmac: false, isChange: true))
        #expect(next.admit(nonce, hasHmac: false, isChange: false))
        #expect(!next.admit(nonce, hasHmac: true, isChange: false))
        #expect(await change(Self.nonce(), in: next))
    }

    @Test(arguments: ["", "Keybell: hashes of spent nonce"])
    func `a file of which a crash has left nothing is a new one`(left: String) async throws {
        #expect(await change(Self.nonce(), in: store()))
        try Data(left.utf8).write(to: URL(filePath: file))
        #expect(NonceRegistry.trouble(in: folder.path("state/keybell")) == nil)
        let nonce = Self.nonce()
        #expect(await change(nonce, in: store()))
        let next = store()
        #expect(await next.load())
        #expect(!next.admit(nonce, hasHmac: false, isChange: true))
    }

    @Test func `records that can't be written take no more room than a part of the file`() {
        var unwritten = UnwrittenNonces()
        let record = Self.nonce().encoded(as: .read)
        for _ in 0..<UnwrittenNonces.most { unwritten.add(record) }
        #expect(!unwritten.areTooMany && unwritten.records.count == UnwrittenNonces.most * record.count)
        for _ in 0..<10 { unwritten.add(record) }
        #expect(unwritten.areTooMany && unwritten.records.isEmpty && !unwritten.isEmpty)
    }

    @Test func `reads that were too many to be kept apart are known to the next process`() async throws {
        let first = store()
        #expect(await first.load())
        let nonces = (0...UnwrittenNonces.most).map { _ in Self.nonce() }
        for nonce in nonces { #expect(first.admit(nonce, hasHmac: true, isChange: false)) }
        await first.flush()
        let next = store()
        #expect(await next.load())
        #expect(nonces.allSatisfy { !next.admit($0, hasHmac: true, isChange: false) })
    }

    @Test func `a read with an Hmac is known to the next process, whatever it is turned into`() async throws {
        let (nonce, other) = (Self.nonce(), Self.nonce())
        let first = store()
        #expect(first.admit(nonce, hasHmac: true, isChange: false))
        #expect(!first.admit(nonce, hasHmac: true, isChange: true))
        await first.flush()
        let next = store()
        #expect(await next.load())
        for isChange in [true, false] {
            #expect(!next.admit(nonce, hasHmac: true, isChange: isChange))
            // Nor without its Hmac, nor another one of this key.
            #expect(!next.admit(nonce, hasHmac: false, isChange: isChange))
            #expect(!next.admit(other, hasHmac: false, isChange: isChange))
        }
        #expect(next.admit(other, hasHmac: true, isChange: true))
        #expect(next.admit(Self.nonce("b"), hasHmac: false, isChange: true))
    }

    @Test func `reads are written a moment later, without anybody who waits`() async throws {
        let first = store()
        #expect(await first.load())
        let nonces = (0..<100).map { _ in Self.nonce() }
        for nonce in nonces { #expect(first.admit(nonce, hasHmac: true, isChange: false)) }
        while try Data(contentsOf: URL(filePath: file)).count < 101 * 32 { await Task.yield() }
        let next = store()
        #expect(await next.load())
        for nonce in nonces { #expect(!next.admit(nonce, hasHmac: true, isChange: false)) }
    }

    @Test func `a change takes along the reads before it`() async throws {
        let (read, written) = (Self.nonce(), Self.nonce("b"))
        let first = store()
        #expect(await first.load())
        #expect(first.admit(read, hasHmac: true, isChange: false))
        #expect(await change(written, in: first))
        #expect(try Data(contentsOf: URL(filePath: file)).count == 3 * 32)
    }

    @Test func `a reader without Hmac may use a nonce again, and leaves nothing behind`() async {
        let store = store(in: nil)
        let nonce = Self.nonce()
        for _ in 0..<3 { #expect(store.admit(nonce, hasHmac: false, isChange: false)) }
        #expect(store.admit(nonce, hasHmac: false, isChange: true))
        #expect(!store.admit(nonce, hasHmac: false, isChange: true))
        #expect(store.admit(nonce, hasHmac: false, isChange: false))
    }

    @Test func `a nonce that is used up is refused for good`() async throws {
        let nonce = Self.nonce()
        let first = store()
        await first.exhaust(nonce)
        let next = store()
        #expect(await next.load())
        for store in [first, next] {
            #expect(!store.admit(nonce, hasHmac: false, isChange: false))
            #expect(!store.admit(nonce, hasHmac: true, isChange: true))
        }
    }

    @Test func `a record that was cut off is left out, and the next is whole`() async throws {
        let (kept, cut, next) = (Self.nonce(at: Self.now - 2), Self.nonce(at: Self.now - 1), Self.nonce())
        let first = store()
        #expect(await change(kept, in: first))
        #expect(await change(cut, in: first))
        var bytes = try Data(contentsOf: URL(filePath: file))
        bytes.removeLast(7)
        try bytes.write(to: URL(filePath: file))
        // The one that runs notices it as well.
        #expect(await change(next, in: first))
        let second = store()
        #expect(await second.load())
        for nonce in [kept, cut, next] {
            #expect(!second.admit(nonce, hasHmac: false, isChange: true))
        }
        bytes = try Data(contentsOf: URL(filePath: file))
        bytes.removeLast(7)
        try bytes.write(to: URL(filePath: file))
        let third = store()
        #expect(await third.load())
        #expect(!third.admit(kept, hasHmac: false, isChange: true))
        #expect(await change(Self.nonce(), in: third))
        #expect(try Data(contentsOf: URL(filePath: file)).count % 32 == 0)
    }

    @Test(arguments: ["x", "Keybell: hashes of spent nonsense, and more"])
    func `a file of something else is left alone, and stops changes`(_ text: String) async throws {
        try folder.makeFolder("state/keybell")
        try folder.write("state/keybell/nonces", text)
        let store = store()
        let read = Self.nonce("b")
        #expect(await !store.load())
        #expect(await !change(Self.nonce(), in: store))
        #expect(store.admit(read, hasHmac: true, isChange: false))
        await store.flush()
        #expect(try String(contentsOfFile: file, encoding: .utf8) == text)
        try FileManager.default.removeItem(atPath: file)
        #expect(await change(Self.nonce(), in: store), "until it is gone")
        let next = self.store()
        #expect(await next.load())
        #expect(
            !next.admit(read, hasHmac: true, isChange: false),
            "and what came meanwhile is in the new one"
        )
    }

    @Test func `a file that could not be read is left in peace for a while`() async throws {
        try folder.makeFolder("state/keybell")
        try folder.write("state/keybell/nonces", "x")
        let store = store(rest: .seconds(3600))
        #expect(await !store.load())
        try FileManager.default.removeItem(atPath: file)
        #expect(await !store.load())
        #expect(await !change(Self.nonce(), in: store))
    }

    @Test func `a folder that is back is used at once`() async throws {
        let place = folder.path("mount")
        try folder.write("mount", "no folder")
        let store = store(in: place, rest: .seconds(3600))
        #expect(await !store.load())
        try FileManager.default.removeItem(atPath: place)
        #expect(await change(Self.nonce(), in: store))
    }

    @Test(.timeLimit(.minutes(1)), arguments: [true, false])
    func `a disk that hangs stops changes, and holds up nobody`(isRead: Bool) async throws {
        let store = store(timeout: .milliseconds(50), rest: .seconds(3600))
        if isRead { try #require(await store.load()) }
        let (holds, gate) = (Observed(false), DispatchSemaphore(value: 0))
        let disk = Task { await store.hold(holds, until: gate) }
        try await holds.wait(for: "the disk") { $0 ? () : nil }
        #expect(await store.load() == isRead)
        let nonce = Self.nonce()
        #expect(store.admit(nonce, hasHmac: false, isChange: true))
        #expect(await !store.record(nonce))
        #expect(store.admit(Self.nonce(), hasHmac: true, isChange: false))
        await store.flush()
        gate.signal()
        await disk.value
    }

    @Test func `a caller that is cancelled says nothing of the disk`() async {
        let store = store(rest: .seconds(3600))
        let nonce = Self.nonce()
        let stopping = Task {
            while !Task.isCancelled { await Task.yield() }
            return await change(nonce, in: store)
        }
        stopping.cancel()
        #expect(await stopping.value, "what is admitted is noted down")
        #expect(await change(Self.nonce(), in: store), "and the file is not left alone for it")
    }

    @Test(.timeLimit(.minutes(1)))
    func `behind a disk that hangs so many changes wait and no more, and what is used up is still written`()
        async throws
    {
        let store = store(timeout: .milliseconds(50))
        try #require(await store.load())
        let (holds, gate) = (Observed(false), DispatchSemaphore(value: 0))
        let disk = Task { await store.hold(holds, until: gate) }
        try await holds.wait(for: "the disk") { $0 ? () : nil }
        let changes = (0..<10).map { _ in Self.nonce() }
        for change in changes { #expect(store.admit(change, hasHmac: false, isChange: true)) }
        let isRecorded = await withTaskGroup(of: Bool.self) { group in
            for change in changes { group.addTask { await store.record(change) } }
            return await group.contains(true)
        }
        #expect(!isRecorded)
        let usedUp = Self.nonce()
        await store.exhaust(usedUp)
        gate.signal()
        await disk.value
        await store.flush()
        let next = self.store()
        #expect(await next.load())
        #expect(!next.admit(usedUp, hasHmac: false, isChange: false))
        // Nothing was done about those whose callers were told so.
        #expect(changes.allSatisfy { next.admit($0, hasHmac: false, isChange: true) })
    }

    @Test(arguments: ["/dev/full/state", "/proc/nothing"])
    func `a folder that can't be used stops changes`(_ folder: String) async {
        let store = store(in: folder)
        #expect(await !store.load())
        #expect(await !change(Self.nonce(), in: store))
        #expect(store.admit(Self.nonce(), hasHmac: true, isChange: false))
    }

    @Test func `a file that was taken away is written anew`() async throws {
        let store = store()
        let nonce = Self.nonce()
        #expect(await change(nonce, in: store))
        try FileManager.default.removeItem(atPath: folder.path("state"))
        #expect(await change(Self.nonce(), in: store))
        let next = self.store()
        #expect(await next.load())
        #expect(!next.admit(nonce, hasHmac: false, isChange: true))
    }

    @Test func `a file doesn't grow for ever`() async throws {
        let first = store()
        #expect(await first.load())
        for _ in 0..<4 {
            for _ in 0..<UsedNonces.readsPerOwner {
                _ = first.admit(Self.nonce(), hasHmac: true, isChange: false)
            }
            await first.flush()
        }
        await first.flush()
        #expect(await change(Self.nonce("b"), in: first))
        let most = (2 * UsedNonces.readsPerOwner + 8192 + UsedNonces.readsPerOwner) * 32
        #expect(try Data(contentsOf: URL(filePath: file)).count < most)
    }
}

@Suite struct SpentNoncesTests {
    /// A memory that `#expect` may ask, which takes no mutating calls.
    private final class Memory {
        var value = UsedNonces()

        func insert(_ nonce: UsedNonce, _ kind: UsedNonce.Kind) -> Bool { value.insert(nonce, kind) }
    }

    private static func nonce(_ owner: String, at time: UInt64 = 0) -> UsedNonce {
        UsedNonce(.random(), of: NonceOwner(fingerprint: owner), time: time)
    }

    @Test func `one key's changes leave room for those of others, and come to an end`() {
        let nonces = Memory()
        let first = Self.nonce("a")
        #expect(nonces.insert(first, .change))
        for _ in 1..<UsedNonces.changesPerOwner { _ = nonces.insert(Self.nonce("a"), .change) }
        #expect(nonces.insert(Self.nonce("a"), .change) == false)
        #expect(nonces.insert(Self.nonce("b"), .change))
        #expect(nonces.value.kind(of: first) == .change)
        // A day later there is room again.
        #expect(nonces.insert(Self.nonce("a", at: UsedNonces.lifetime + 1), .change))
        #expect(nonces.value.kind(of: first) == nil)
    }

    @Test(.timeLimit(.minutes(1))) func `that there is no room is found out without a look at all of them`() {
        let nonces = Memory()
        for owner in 0..<(UsedNonces.mostChanges / UsedNonces.changesPerOwner) {
            for _ in 0..<UsedNonces.changesPerOwner {
                _ = nonces.insert(Self.nonce("\(owner)", at: 1), .change)
            }
        }
        for _ in 0..<100_000 where nonces.insert(Self.nonce("0", at: UsedNonces.lifetime), .change) {
            Issue.record("there is no room")
        }
    }

    @Test func `the oldest changes go first, though the clock was set back while they came`() {
        var marks = MarksByTime()
        var times = (0..<200).map { UInt64($0 * 7919 % 211) }
        for time in times { marks.insert(UsedNonce.Mark(high: time, low: 0), at: time) }
        times.sort()
        #expect(marks.removeFirst(before: times[0]) == nil)
        for time in times { #expect(marks.removeFirst(before: .max)?.high == time) }
        #expect(marks.removeFirst(before: .max) == nil)
    }

    @Test func `a key's oldest reads make room, what has become more than a read doesn't`() {
        let nonces = Memory()
        let (read, change, other) = (Self.nonce("a"), Self.nonce("a"), Self.nonce("b"))
        for nonce in [read, change, other] { #expect(nonces.insert(nonce, .read)) }
        #expect(nonces.insert(change, .change))
        for _ in 0..<UsedNonces.readsPerOwner { _ = nonces.insert(Self.nonce("a"), .read) }
        #expect(nonces.value.kind(of: read) == nil)
        #expect(nonces.value.kind(of: change) == .change)
        #expect(nonces.value.kind(of: other) == .read)
    }

    @Test func `all keys' reads together have a limit, and the one with the most makes room`() {
        let nonces = Memory()
        let rare = Self.nonce("rare")
        #expect(nonces.insert(rare, .read))
        for owner in 0..<5 {
            for _ in 0..<UsedNonces.readsPerOwner { _ = nonces.insert(Self.nonce("\(owner)"), .read) }
        }
        #expect(nonces.value.count <= UsedNonces.mostReads)
        #expect(nonces.value.kind(of: rare) == .read)
    }

    @Test func `a nonce of a change that is used up then stays so`() {
        let nonces = Memory()
        let nonce = Self.nonce("a")
        #expect(nonces.insert(nonce, .change))
        #expect(nonces.insert(nonce, .exhausted))
        #expect(nonces.insert(nonce, .change) == false)
        #expect(nonces.value.kind(of: nonce) == .exhausted)
    }

    @Test(arguments: [false, true])
    func `a change that is used up comes back for nothing, however many others are`(isRestarted: Bool) throws
    {
        let nonces = Memory()
        let (change, other) = (Self.nonce("a", at: 1), Self.nonce("a", at: 1))
        #expect(nonces.insert(change, .change))
        for nonce in [change, other] { #expect(nonces.insert(nonce, .exhausted)) }
        if isRestarted { nonces.value = try #require(UsedNonces.decode(nonces.value.encoded())) }
        for _ in 0..<UsedNonces.mostExhausted { _ = nonces.insert(Self.nonce("b", at: 2), .exhausted) }
        #expect(nonces.value.kind(of: other) == nil)
        #expect(nonces.value.kind(of: change) == .change, "a replay would carry the change out again")
        if isRestarted { nonces.value = try #require(UsedNonces.decode(nonces.value.encoded())) }
        #expect(nonces.insert(change, .change) == false)
        // Its place among the key's changes is one all the while, and is given back after a day.
        for _ in 1..<UsedNonces.changesPerOwner { #expect(nonces.insert(Self.nonce("a", at: 3), .change)) }
        #expect(nonces.insert(Self.nonce("a", at: 3), .change) == false)
        #expect(nonces.insert(Self.nonce("a", at: UsedNonces.lifetime + 2), .change))
        #expect(nonces.value.kind(of: change) == nil)
    }

    @Test func `what is written is read`() throws {
        let nonces = Memory()
        let kinds: [UsedNonce.Kind] = [.change, .exhausted, .read]
        let all = (0..<99).map { Self.nonce("\($0 % 7)", at: UInt64($0)) }
        for (index, nonce) in all.enumerated() { #expect(nonces.insert(nonce, kinds[index % 3])) }
        let read = try #require(UsedNonces.decode(nonces.value.encoded()))
        for (index, nonce) in all.enumerated() { #expect(read.kind(of: nonce) == kinds[index % 3]) }
        #expect(read.encoded() == nonces.value.encoded())
    }
}

extension NonceRegistry {
    /// Holds up the thread that reads and writes, as a disk that hangs does.
    fileprivate func hold(_ holds: Observed<Bool>, until gate: DispatchSemaphore) {
        holds.update { $0 = true }
        gate.wait()
    }
}
