// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Testing

@Suite(.timeLimit(.minutes(1))) struct CachedReadingTests {
    enum Trouble: Error { case restless, locked }

    /// An actor that reads a number elsewhere, where each reading waits to be let go on.
    actor Reader {
        private let cache = CachedReading<Int, Trouble>()
        private(set) var adopted: [Int] = []
        private(set) var readings = 0
        private var number = 0
        private var error: Trouble?
        private let gates = AsyncStream<Void>.makeStream()
        private let begun = AsyncStream<Void>.makeStream()
        private var isGated = false
        /// Whether it changes each time it is read.
        private var isRestless = false

        func gate() { isGated = true }
        func set(_ number: Int, error: Trouble? = nil) {
            self.number = number
            self.error = error
            cache.forget()
        }
        func change(to number: Int) {
            self.number = number
            cache.change { $0 = number }
        }
        func becomeRestless() { isRestless = true }
        var current: Int? { cache.current }

        func value() async throws(Trouble) -> Int {
            try await cache.value(on: self, orIfItNeverRests: .restless) { () async throws(Trouble) in
                try await self.read()
            } adopted: {
                $0.adopted.append($1)
            }
        }

        func again() async throws(Trouble) -> Int {
            try await cache.readAgain(on: self, orIfItNeverRests: .restless) { () async throws(Trouble) in
                try await self.read()
            }
        }

        private func read() async throws(Trouble) -> Int {
            readings += 1
            let (number, error) = (number, error)
            if isGated {
                begun.continuation.yield()
                for await _ in gates.stream { break }
            }
            await Task.yield()
            if isRestless { cache.forget() }
            if let error { throw error }
            return number
        }

        /// Waits until a reading is under way.
        nonisolated func hasBegun() async { for await _ in begun.stream { break } }

        nonisolated func goOn() { gates.continuation.yield() }
    }

    @Test func `it is read once, and again when something is told of`() async throws {
        let reader = Reader()
        await reader.set(1)
        async let others = [reader.value(), reader.value()]
        #expect(try await reader.value() == 1)
        #expect(try await others == [1, 1])
        #expect(await reader.readings == 1)
        await reader.set(2)
        #expect(await reader.current == nil)
        #expect(try await reader.value() == 2)
        #expect(await reader.adopted == [1, 2])
    }

    @Test func `what changes while it is read is read again, before anybody gets it`() async throws {
        let reader = Reader()
        await reader.gate()
        await reader.set(1)
        let early = Task { try await reader.value() }
        await reader.hasBegun()
        await reader.set(2)
        let late = Task { try await reader.value() }
        reader.goOn()
        await reader.hasBegun()
        reader.goOn()
        #expect(try await [early.value, late.value] == [2, 2])
        #expect(await reader.adopted == [2])
    }

    @Test func `an error from before a change isn't told after it`() async throws {
        let reader = Reader()
        await reader.gate()
        await reader.set(0, error: .locked)
        let early = Task { try await reader.value() }
        await reader.hasBegun()
        await reader.set(3)
        reader.goOn()
        await reader.hasBegun()
        reader.goOn()
        #expect(try await early.value == 3)
    }

    /// Whoever asked first has not gone on when the next asks: the reading must not stand for it any more.
    @Test func `a reading that has ended is nobody's who comes after a change`() async throws {
        let reader = Reader()
        await reader.set(1)
        for number in 2...200 {
            let first = Task { try await reader.value() }
            let second = Task {
                _ = try await reader.value()
                await reader.set(number)
                return try await reader.value()
            }
            #expect(try await second.value == number)
            _ = try await first.value
        }
    }

    @Test func `what changes each time is an error, never what is known to be old`() async throws {
        let reader = Reader()
        await reader.becomeRestless()
        await #expect(throws: Trouble.restless) { try await reader.value() }
        #expect(await reader.readings == CachedReading<Int, Trouble>.attempts)
        #expect(await reader.current == nil)
        #expect(await reader.adopted.isEmpty)
    }

    @Test func `what is known stays where reading it again fails, and a change is known at once`()
        async throws
    {
        let reader = Reader()
        await reader.change(to: 1)
        #expect(await reader.current == nil)
        #expect(try await reader.value() == 1)
        await reader.change(to: 2)
        #expect(await reader.current == 2)
        #expect(try await reader.again() == 2)
        #expect(await reader.readings == 2)
    }
}
