// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DBus

@Suite struct ServedCallsTests {
    var calls = ServedCalls()
    var last = 0

    /// A call comes in; its number if it is taken.
    private mutating func call(from connection: String, of process: String) -> (Int, ServedCalls.Turn)? {
        guard calls.arrive(from: connection) else { return nil }
        last += 1
        calls.learn(connection, is: process)
        let turn = calls.begin(last, from: connection)
        guard turn != .never else {
            _ = calls.end(last, from: connection)
            return nil
        }
        return (last, turn)
    }

    /// A call comes in that only waits.
    private mutating func wait(from connection: String, of process: String) -> Bool {
        guard let (number, turn) = call(from: connection, of: process), turn == .now else { return false }
        return calls.wait(number) == nil
    }

    @Test mutating func `who has few calls is taken, whatever others have`() {
        var taken = 0
        for process in 0..<20 {
            for connection in 0..<9 {
                for _ in 0..<64 where wait(from: "\(process).\(connection)", of: "\(process)") { taken += 1 }
            }
        }
        let most = ServedCalls.total + 20 * ServedCalls.few
        #expect(ServedCalls.total <= taken && taken <= most)
        for _ in 0..<ServedCalls.few {
            let isTaken = wait(from: "honest", of: "honest")
            #expect(isTaken)
        }
        let another = wait(from: "honest", of: "honest")
        #expect(!another)
    }

    @Test mutating func `one process has no more by many connections than by one`() {
        var taken = 0
        for connection in 0..<200 { if wait(from: "\(connection)", of: "flood") { taken += 1 } }
        #expect(taken == ServedCalls.perCaller)
    }

    @Test mutating func `calls that came before it was known whose they are count with the others`() {
        for call in 1...ServedCalls.few {
            _ = calls.arrive(from: "a")
            let turn = calls.begin(-call, from: "a")
            #expect(turn == .now)
            _ = calls.wait(-call)
        }
        var taken = ServedCalls.few
        for connection in ["a", "b"] {
            for _ in 0..<64 where wait(from: connection, of: "p") { taken += 1 }
        }
        #expect(taken == ServedCalls.perCaller)
    }

    @Test mutating func `of one process some are worked at at once, and the others in their order`() throws {
        var turns: [(Int, ServedCalls.Turn)] = []
        for _ in 0..<ServedCalls.atOnce + 3 {
            let turn = call(from: "a", of: "p")
            turns.append(try #require(turn))
        }
        #expect(
            turns.map(\.1) == Array(repeating: .now, count: ServedCalls.atOnce) + [.later, .later, .later]
        )
        let other = call(from: "b", of: "q")
        #expect(other?.1 == .now)
        let waiting = Array(turns.suffix(3).map(\.0))
        let first = calls.wait(turns[0].0)
        #expect(first == waiting[0])
        let second = calls.end(turns[1].0, from: "a").next
        #expect(second == waiting[1])
        // It has let go of its turn already.
        let none = calls.end(turns[0].0, from: "a").next
        #expect(none == nil)
        let third = calls.end(waiting[0], from: "a").next
        #expect(third == waiting[2])
    }

    @Test mutating func `the last of many calls is known, so that their memory can be given back`() throws {
        var lasts = 0
        for _ in 0..<ServedCalls.many * 2 {
            let numberCall = call(from: "a", of: "a")
            let (number, _) = try #require(numberCall)
            if calls.end(number, from: "a").isLastOfMany { lasts += 1 }
        }
        #expect(lasts == 2)
        for _ in 0..<ServedCalls.many {
            let otherCall = call(from: "b", of: "b")
            let (other, _) = try #require(otherCall)
            let numberCall = call(from: "a", of: "a")
            let (number, _) = try #require(numberCall)
            let isLast = calls.end(number, from: "a").isLastOfMany
            #expect(!isLast, "another one is being served")
            if calls.end(other, from: "b").isLastOfMany { lasts += 1 }
        }
        #expect(lasts == 4)
    }

    private mutating func require(_ caller: String) throws -> (Int, ServedCalls.Turn) {
        let taken = call(from: caller, of: caller)
        return try #require(taken)
    }

    @Test mutating func `large arguments are taken within a budget of all calls, small ones always`() throws {
        var held: [Int] = []
        for process in 0..<40 {
            let (number, _) = try require("\(process)")
            if calls.hold(number, from: "\(process)", bytes: 1 << 20) { held.append(number) }
        }
        #expect(held.count == ServedCalls.totalBytes >> 20)
        let (small, _) = try require("honest")
        let isSmallTaken = calls.hold(small, from: "honest", bytes: ServedCalls.fewBytes)
        #expect(isSmallTaken)
        let (large, _) = try require("honest")
        var isLargeTaken = calls.hold(large, from: "honest", bytes: 1 << 20)
        #expect(!isLargeTaken)
        _ = calls.end(try #require(held.first), from: "0")
        isLargeTaken = calls.hold(large, from: "honest", bytes: 1 << 20)
        #expect(isLargeTaken)
    }

    @Test mutating func `one process has a part of the budget, by however many connections`() throws {
        var held: [(number: Int, connection: String)] = []
        for connection in ["a", "b"] {
            for _ in 0..<10 {
                let taken = call(from: connection, of: "process")
                let (number, _) = try #require(taken)
                if calls.hold(number, from: connection, bytes: 1 << 20) { held.append((number, connection)) }
            }
        }
        #expect(held.count == ServedCalls.bytesPerCaller >> 20)
        let (other, _) = try require("honest")
        let isTaken = calls.hold(other, from: "honest", bytes: 1 << 20)
        #expect(isTaken)
        let first = try #require(held.first)
        _ = calls.end(first.number, from: first.connection)
        let again = call(from: "a", of: "process")
        let (number, _) = try #require(again)
        let hasRoom = calls.hold(number, from: "a", bytes: 1 << 20)
        #expect(hasRoom)
    }

    @Test mutating func `calls that turn out to be of one process have its part together`() throws {
        var isQuiet = true
        for number in 1...2 {
            let connection = "\(number)"
            _ = calls.arrive(from: connection)
            let isHeld = calls.hold(number, from: connection, bytes: ServedCalls.bytesPerCaller)
            #expect(isHeld)
            isQuiet = calls.isQuiet
            calls.learn(connection, is: "process")
        }
        #expect(!isQuiet)
        let refused = calls.begin(2, from: "2")
        #expect(refused == .never)
        _ = calls.end(2, from: "2")
        let taken = calls.begin(1, from: "1")
        #expect(taken == .now)
    }

    @Test mutating func `a process has room for what it doesn't hold yet, and always for small arguments`()
        throws
    {
        let all = calls.room(for: "greedy")
        #expect(all == ServedCalls.bytesPerCaller)
        let (number, _) = try require("greedy")
        let isHeld = calls.hold(number, from: "greedy", bytes: all - 100)
        #expect(isHeld)
        #expect(calls.room(for: "greedy") == ServedCalls.fewBytes)
        #expect(calls.room(for: "honest") == ServedCalls.bytesPerCaller)
        _ = calls.end(number, from: "greedy")
        #expect(calls.room(for: "greedy") == all)
    }

    @Test mutating func `the memory of a few calls with large arguments is given back, too`() throws {
        var isLast = false
        for _ in 0..<5 {
            let (number, _) = try require("a")
            _ = calls.hold(number, from: "a", bytes: 1 << 20)
            isLast = calls.end(number, from: "a").isLastOfMany
            if isLast { break }
        }
        #expect(isLast)
    }
}
