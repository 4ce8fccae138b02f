// SPDX-License-Identifier: Apache-2.0

import Foundation
import KeePassHTTP
import Logging
import TestSupport
import Testing

@testable import Clients

@Suite struct NonceLedgerTests {
    static let now: UInt64 = 1_700_000_000
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func ledger(at now: UInt64 = Self.now, in folder: String? = nil) -> NonceLedger {
        NonceLedger(
            folder: folder ?? self.folder.path("state/keybell"),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            now: { now }
        )
    }

    private var file: String { folder.path("state/keybell/nonces") }

    private static func nonce(_ fingerprint: String = "a", at time: UInt64 = now) -> SpentNonce {
        SpentNonce(.random(), fingerprint: fingerprint, time: time)
    }

    @Test func `what was spent is known to the next process, for this user's eyes alone`() async throws {
        let nonce = Self.nonce()
        #expect(await ledger().spend(nonce))
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let next = ledger()
        #expect(await next.load())
        #expect(next.holds(nonce, asChange: true))
        #expect(!next.holds(nonce, asChange: false))
        #expect(await !next.spend(nonce))
        #expect(await next.spend(Self.nonce()))
    }

    @Test func `a change is kept for a day, a nonce that is used up for good`() async throws {
        let (change, exhausted) = (Self.nonce(), Self.nonce())
        let first = ledger()
        #expect(await first.spend(change))
        await first.exhaust(exhausted)
        let soon = ledger(at: Self.now + 86_400)
        #expect(await soon.load())
        #expect(soon.holds(change, asChange: true))
        let later = ledger(at: Self.now + 86_401)
        #expect(await later.load())
        #expect(!later.holds(change, asChange: true))
        #expect(later.holds(exhausted, asChange: false))
        #expect(try Data(contentsOf: URL(filePath: file)).count == 64, "and what is over is gone")
    }

    @Test func `a record that was cut off is left out, and the next is whole`() async throws {
        let (kept, cut, next) = (Self.nonce(at: Self.now - 2), Self.nonce(at: Self.now - 1), Self.nonce())
        let first = ledger()
        #expect(await first.spend(kept))
        #expect(await first.spend(cut))
        var bytes = try Data(contentsOf: URL(filePath: file))
        bytes.removeLast(7)
        try bytes.write(to: URL(filePath: file))
        // The one that runs notices it as well.
        #expect(await first.spend(next))
        let second = ledger()
        #expect(await second.load())
        for nonce in [kept, cut, next] { #expect(second.holds(nonce, asChange: true)) }
        bytes = try Data(contentsOf: URL(filePath: file))
        bytes.removeLast(7)
        try bytes.write(to: URL(filePath: file))
        let third = ledger()
        #expect(await third.load())
        #expect(third.holds(kept, asChange: true))
        #expect(await third.spend(Self.nonce()))
        #expect(try Data(contentsOf: URL(filePath: file)).count % 32 == 0)
    }

    @Test(arguments: ["", "x", "Keybell: hashes of spent nonce"])
    func `a file of something else is left alone, and stops changes`(_ text: String) async throws {
        try folder.makeFolder("state/keybell")
        try folder.write("state/keybell/nonces", text)
        let ledger = ledger()
        #expect(await !ledger.load())
        #expect(await !ledger.spend(Self.nonce()))
        #expect(try String(contentsOfFile: file, encoding: .utf8) == text)
        try FileManager.default.removeItem(atPath: file)
        #expect(await ledger.spend(Self.nonce()), "until it is gone")
    }

    @Test(arguments: ["/dev/full/state", "/proc/nothing"])
    func `a folder that can't be used stops changes`(_ folder: String) async {
        let ledger = ledger(in: folder)
        #expect(await !ledger.load())
        #expect(await !ledger.spend(Self.nonce()))
        #expect(!ledger.holds(Self.nonce(), asChange: true))
    }

    @Test func `a file that was taken away is written anew`() async throws {
        let ledger = ledger()
        let nonce = Self.nonce()
        #expect(await ledger.spend(nonce))
        try FileManager.default.removeItem(atPath: folder.path("state"))
        #expect(await ledger.spend(Self.nonce()))
        let next = self.ledger()
        #expect(await next.load())
        #expect(next.holds(nonce, asChange: true))
    }
}

@Suite struct SpentNoncesTests {
    /// A memory that `#expect` may ask, which takes no mutating calls.
    private final class Memory {
        var value = SpentNonces()

        func insert(_ nonce: SpentNonce, _ kind: SpentNonce.Kind) -> Bool { value.insert(nonce, kind) }
    }

    private static func nonce(_ owner: String, at time: UInt64 = 0) -> SpentNonce {
        SpentNonce(.random(), fingerprint: owner, time: time)
    }

    @Test func `one key's changes leave room for those of others, and come to an end`() {
        let nonces = Memory()
        for _ in 0..<SpentNonces.limitPerOwner { _ = nonces.insert(Self.nonce("a"), .change) }
        #expect(nonces.insert(Self.nonce("a"), .change) == false)
        #expect(nonces.insert(Self.nonce("b"), .change))
        // A day later there is room again.
        #expect(nonces.insert(Self.nonce("a", at: SpentNonces.lifetime + 1), .change))
    }

    @Test func `a nonce of a change that is used up then stays so`() {
        let nonces = Memory()
        let nonce = Self.nonce("a")
        #expect(nonces.insert(nonce, .change))
        #expect(nonces.insert(nonce, .exhausted))
        #expect(nonces.insert(nonce, .change) == false)
        nonces.value.expire(at: .max)
        #expect(nonces.value.holds(nonce, asChange: false))
    }

    @Test func `what is written is read`() throws {
        let nonces = Memory()
        let all = (0..<100).map { Self.nonce("\($0 % 7)", at: UInt64($0)) }
        for (index, nonce) in all.enumerated() {
            #expect(nonces.insert(nonce, index % 3 == 0 ? .exhausted : .change))
        }
        let read = try #require(SpentNonces.decode(nonces.value.encoded()))
        for (index, nonce) in all.enumerated() {
            #expect(read.holds(nonce, asChange: false) == (index % 3 == 0))
            #expect(read.holds(nonce, asChange: true))
        }
        #expect(read.encoded() == nonces.value.encoded())
    }
}
