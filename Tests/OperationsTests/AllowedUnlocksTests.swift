// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Testing

@testable import Operations

/// Something locked, whose unlocks are counted and end when the test says so.
private actor Lock {
    private(set) var unlocks = 0
    private(set) var isLocked = true
    private let outcome: Refusal?

    init(endingWith outcome: Refusal? = nil) { self.outcome = outcome }

    func unlock() throws(Refusal) {
        unlocks += 1
        if let outcome { throw outcome }
        isLocked = false
    }

    func lock() { isLocked = true }
}

@Suite(.timeLimit(.minutes(1))) struct AllowedUnlocksTests {
    private let unlocks = AllowedUnlocks()

    private func carryOut(
        _ lock: Lock,
        _ vault: String? = nil,
        allowedAs code: String = "ABCD"
    ) async -> Result<Void, Refusal> {
        await Result { () async throws(Refusal) in
            try await unlocks.carryOut(vault, allowedAs: code, while: { await lock.isLocked }) {
                (_) async throws(Refusal) in try await lock.unlock()
            }
        }
    }

    @Test(arguments: [nil, Refusal.keyring("closed")])
    func `all who got one allow share one unlock, whether they come in time or after it`(
        _ outcome: Refusal?
    ) async throws {
        let lock = Lock(endingWith: outcome)
        await withTaskGroup(of: Refusal?.self) { group in
            for _ in 0..<8 {
                group.addTask { if case .failure(let error) = await carryOut(lock) { error } else { nil } }
            }
            for await failure in group { #expect(failure == outcome) }
        }
        _ = await carryOut(lock)
        #expect(await lock.unlocks == 1)
    }

    @Test func `at the daemon's end nobody waits for a password any more, and none is asked for`() async {
        let (cancellations, told) = AsyncStream.makeStream(of: Cancellation.self)
        let (typed, typing) = AsyncStream.makeStream(of: Void.self)
        let waiting = Task {
            await Result { () async throws(Refusal) in
                try await unlocks.carryOut(nil, allowedAs: "ABCD", while: { true }) {
                    (cancellation) async throws(Refusal) in
                    told.yield(cancellation)
                    for await _ in typed {}
                }
            }
        }
        var asked = cancellations.makeAsyncIterator()
        let cancellation = await asked.next()
        await unlocks.end()
        await #expect(throws: Refusal.withdrawn) { try await waiting.value.get() }
        #expect(cancellation?.isCancelled == true)
        typing.finish()
        let lock = Lock()
        await #expect(throws: Refusal.withdrawn) { try await carryOut(lock).get() }
        #expect(await lock.unlocks == 0)
    }

    @Test func `what was locked again since stays so for who comes late`() async throws {
        let lock = Lock()
        _ = await carryOut(lock)
        await lock.lock()
        _ = await carryOut(lock)
        #expect(await lock.unlocks == 1)
    }

    @Test func `another allow, or another vault, is another unlock`() async throws {
        let lock = Lock(endingWith: .locked)
        _ = await carryOut(lock, "Work", allowedAs: "ABCD")
        _ = await carryOut(lock, "Home", allowedAs: "ABCD")
        _ = await carryOut(lock, "Work", allowedAs: "EFGH")
        #expect(await lock.unlocks == 3)
    }

    @Test func `what is open is left alone, and opened once it is locked`() async throws {
        let lock = Lock()
        try await lock.unlock()
        _ = await carryOut(lock)
        #expect(await lock.unlocks == 1)
        await lock.lock()
        _ = await carryOut(lock)
        #expect(await lock.unlocks == 2)
    }
}
