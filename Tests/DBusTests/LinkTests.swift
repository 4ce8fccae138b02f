// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import DBus

@Suite struct LinkTests {
    /// A connection that reads nothing before it is told to.
    private actor Reader {
        nonisolated let executor: QueueExecutor
        nonisolated var unownedExecutor: UnownedSerialExecutor {
            unsafe executor.asUnownedSerialExecutor()
        }
        nonisolated let rounds = Observed((count: 0, isDone: false))
        nonisolated let name: String
        private let link: Link

        init(on bus: Bus) throws(DBusError) {
            executor = QueueExecutor(label: "test")
            link = try Link(to: bus)
            name = link.uniqueName
        }

        func read() -> Bool {
            link.watch(on: executor.queue) { [weak self] key in self?.assumeIsolated { $0.ready(key) } }
        }

        private func ready(_ key: UInt) {
            rounds.update { $0.count += 1 }
            link.handle(key)
            while let message = link.pop() {
                if message.member == "Long" { rounds.update { $0.isDone = true } }
            }
        }
    }

    @Test func `a long message that has come is read in a few rounds of the queue`() async throws {
        let bus = try await PrivateBus()
        let reader = try Reader(on: bus.bus)
        let sender = try await bus.connect()
        let text = Value.string(String(repeating: "x", count: 64 << 10))
        try await sender.emit("/a", "org.keybell.Test", "Long", [text], to: reader.name)
        // The bus writes a piece of the message in each of its own rounds, and answers one of these calls.
        for _ in 0..<100 { _ = try await sender.owner(of: reader.name) }
        #expect(await reader.read())
        let count = try await reader.rounds.wait(for: "the message") { $0.isDone ? $0.count : nil }
        #expect(count <= 6)
    }
}
