// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Dispatch
import Foundation
import KDBX
import Linux
import SecureMemory
import Synchronization
import TestSupport
import Testing
import Vault

@testable import VaultStores

/// A process that is killed while it saves: the file is the old or the new one, whole, every time.
@Suite(.serialized)
struct KDBXStoreKillTests {
    /// Saves on and on in this process until something kills it.
    static func saveForEver(
        _ path: String,
        _ state: String,
        reached: @escaping @Sendable (FileReplacement.Step) -> Void = { _ in }
    ) async throws {
        let passwords = ScriptedPasswords(["demopass"])
        let store = KDBXFixture.store(path, passwords, state, Observed(KDBXFixture.then), reached: reached)
        try await store.unlock(for: UnlockReason())
        var number = 0
        while true {
            number += 1
            _ = try await store.save(LoginDraft(title: "n\(number)"))
        }
    }

    /// The file opens, holds what it held, and the next start clears up and saves.
    private static func check(_ fixture: KDBXFixture, atLeast count: Int) async throws -> Int {
        let entries = try fixture.read().entries
        #expect(entries.count >= count)
        #expect(entries.contains { $0.text("Title") == "Example" && $0.text("Password") == "secret-1" })
        let store = fixture.restarted()
        try await store.unlock(for: UnlockReason())
        #expect(try fixture.names.filter { $0.hasPrefix(".") } == [])
        _ = try await store.save(LoginDraft(title: "after"))
        #expect(try fixture.read().entries.count == entries.count + 1)
        return entries.count + 1
    }

    @Test(arguments: FileReplacement.Step.allCases)
    func `killed at a step, the file is the old or the new one`(step: FileReplacement.Step) async throws {
        let fixture = try KDBXFixture()
        let (path, state, name) = (fixture.path, fixture.folder.path("state"), step.rawValue)
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [path = path as String, state = state as String, name = name as String] in
            try await KDBXStoreKillTests.saveForEver(path, state) {
                if $0.rawValue == name { raise(SIGKILL) }
            }
        }
        let isNew = [.renamed, .done].contains(step)
        #expect(try fixture.read().entries.count == (isNew ? 3 : 2))
        _ = try await Self.check(fixture, atLeast: 2)
    }

    @Test func `killed at any moment, thirty times, the file is whole and keeps what was in it`() async throws
    {
        let fixture = try KDBXFixture()
        let (path, state) = (fixture.path, fixture.folder.path("state"))
        var generator = SystemRandomNumberGenerator()
        var count = 2
        for _ in 1...30 {
            let delay = Int.random(in: 0...30_000, using: &generator)
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [path = path as String, state = state as String, delay = delay as Int] in
                let alarm = Mutex<Alarm?>(nil)
                try await KDBXStoreKillTests.saveForEver(path, state) { _ in
                    // From the first step on, so that it is saving that is hit and not the start.
                    alarm.withLock { alarm in
                        guard alarm == nil else { return }
                        alarm = Alarm(after: .microseconds(delay), queue: DispatchQueue(label: "kill")) {
                            raise(SIGKILL)
                        }
                    }
                }
            }
            count = try await Self.check(fixture, atLeast: count)
        }
    }
}
