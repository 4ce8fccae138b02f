// SPDX-License-Identifier: Apache-2.0

import Callers
import Synchronization
import Testing

@testable import HTTPServer

/// Many connections at once, of hostile peers.
@Suite(.timeLimit(.minutes(1))) struct ConnectionFloodTests {
    static let whole = ConnectionTests.whole

    @Test func `the oldest half-sent head makes room, and a waiting request never does`() async throws {
        let gate = Gate()
        let echo = Echo { body, _ in
            if body.count == 3 { await gate.pass() }
            return "\"\(body.count)\""
        }
        try await withListener(echo, limit: ConnectionLimit(2, refused: 1)) { port async throws in
            async let waiting = exchange(port, request("POST /", body: "{ }"))
            await gate.arrival()
            try await TestPeer.with(port: port) { half in
                try await half.send("POST / HT")
                // It has its place once nobody else gets it.
                var answer = ""
                while !answer.hasPrefix("HTTP/1.1 200") {
                    answer = try await exchange(port, request("POST /", body: "{}"))
                }
                let rest = try await half.rest()
                #expect(rest == "", "it made room")
            }
            gate.open()
            #expect(try await waiting.content == "\"3\"")
        }
    }

    @Test func `where everybody waits for an answer, the one too many is told so`() async throws {
        let gate = Gate()
        let echo = Echo { _, _ in
            await gate.pass()
            return "{}"
        }
        try await withListener(echo, limit: ConnectionLimit(1, refused: 1)) { port async throws in
            async let waiting = exchange(port, request("POST /", body: "{}"))
            await gate.arrival()
            #expect(try await exchange(port, Self.whole).status == "429")
            gate.open()
            #expect(try await waiting.status == "200")
        }
    }

    @Test func `those who make room are the slow, then the silent, then those at rest, then the half-sent`() {
        let limit = ConnectionLimit(5, refused: 0)
        let ended = Mutex<[String]>([])
        func enter(_ name: String, _ phase: ConnectionPhase) -> ConnectionLimit.Admission {
            let admission = limit.enter { ended.withLock { $0.append(name) } }
            if case .served(let place) = admission { place.phase = phase }
            return admission
        }
        let now = ContinuousClock.now
        _ = enter("busy", .busy)
        _ = enter("resting", .resting(since: now - .seconds(20)))
        _ = enter("silent", .silent(since: now - .seconds(9)))
        _ = enter("slow", .sending(since: now - .seconds(3)))
        _ = enter("quick", .sending(since: now))
        _ = enter("slower", .sending(since: now - .seconds(5)))
        _ = enter("new", .silent(since: now + .seconds(60)))
        _ = enter("just used", .resting(since: now + .seconds(60)))
        _ = enter("told", .leaving(since: now))
        _ = enter("waiting", .busy)
        let last = enter("last", .busy)
        #expect(
            ended.withLock { $0 } == ["slow", "slower", "silent", "resting", "quick", "told"]
        )
        guard case .served = last else {
            Issue.record("there was room")
            return
        }
        guard case .closed = enter("one too many", .busy) else {
            Issue.record("there was no room")
            return
        }
        limit.leave(last)
        guard case .served = enter("again", .busy) else {
            Issue.record("there was room again")
            return
        }
    }

    @Test func `where all places wait for answers, the program with most of them gives up its youngest`() {
        let limit = ConnectionLimit(24, refused: 0)
        let ended = Mutex<[String]>([])
        func enter(_ name: String, _ program: String, _ age: Duration, pid: Int32 = 7) -> Bool {
            let admission = limit.enter { ended.withLock { $0.append(name) } }
            guard case .served(let place) = admission else { return false }
            place.phase = .busy
            let process = ProcessIdentity(pid: pid, startTime: 1)
            let caller = Caller(
                uid: 1,
                holders: [process],
                processes: [ProcessRecord(identity: process, executable: "/usr/bin/\(program)")]
            )
            place.isAsked(by: caller, since: .now - age)
            return true
        }
        for number in 0..<17 { _ = enter("greedy \(number)", "greedy", .seconds(60 - number)) }
        _ = enter("same program", "greedy", .seconds(2), pid: 8)
        for number in 0..<6 { _ = enter("modest \(number)", "modest", .seconds(2)) }
        #expect(enter("new", "new", .zero))
        #expect(enter("newer", "new", .zero))
        #expect(ended.withLock { $0 } == ["greedy 16", "greedy 15"])
        #expect(!enter("one too many", "new", .zero), "sixteen may wait, whoever comes")
    }

    @Test func `long bodies take turns, short ones don't wait for them, and all are answered`() async throws {
        let budget = BodyBudget(bytes: 1 << 20, connections: 0, longest: 1 << 20, turn: .seconds(60))
        try await withListener(budget: budget) { port async throws in
            let long = String(repeating: "x", count: 300_000)
            try await TestPeer.with(port: port) { slow in
                // It has the one place, and doesn't come to an end.
                try await slow.send(request("POST /", ["Content-Length: 300000"]) + long.dropLast(100_000))
                async let others = withThrowingTaskGroup(of: String.self) { group in
                    for _ in 0..<8 {
                        group.addTask { try await exchange(port, request("POST /", body: long)).content }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                for _ in 0..<20 {
                    #expect(try await exchange(port, request("POST /", body: "{}")).content == "\"2\"")
                }
                try await slow.send(String(long.suffix(100_000)))
                #expect(try await slow.rest().content == "\"300000\"")
                #expect(try await others == Array(repeating: "\"300000\"", count: 8))
            }
        }
    }

    @Test func `a long body that waits for its turn keeps its deadline`() async throws {
        let budget = BodyBudget(bytes: 1 << 20, connections: 0, longest: 1 << 20)
        var options = ListenerOptions()
        options.bodyDeadline = .milliseconds(300)
        try await withListener(options: options, budget: budget) { port async throws in
            let long = String(repeating: "x", count: 300_000)
            let head = request("POST /", ["Content-Length: 300000"])
            async let first = exchange(port, head + long.dropLast())
            async let second = exchange(port, head + long.dropLast())
            #expect(try await first == "")
            #expect(try await second == "")
            #expect(try await exchange(port, request("POST /", body: long)).content == "\"300000\"")
        }
    }

    @Test func `slow bodies don't keep the places from others until their deadline`() async throws {
        let budget = BodyBudget(bytes: 2 << 20, connections: 0, longest: 1 << 20, turn: .seconds(2))
        var options = ListenerOptions()
        options.bodyDeadline = .seconds(600)
        try await withListener(options: options, budget: budget) { port async throws in
            let long = String(repeating: "x", count: 300_000)
            let unfinished = request("POST /", ["Content-Length: 300000"]) + long.dropLast(100_000)
            try await TestPeer.with(port: port) { first in
                try await first.send(unfinished)
                try await TestPeer.with(port: port) { second in
                    try await second.send(unfinished)
                    // Whether the two have both places already or not: all the others get theirs.
                    try await withThrowingTaskGroup(of: String.self) { group in
                        for _ in 0..<8 {
                            group.addTask { try await exchange(port, request("POST /", body: long)).content }
                        }
                        for try await content in group { #expect(content == "\"300000\"") }
                    }
                }
            }
        }
    }

    /// What a hostile peer leaves unfinished.
    static let unfinished = [
        "POST / HT", request("POST /", ["Content-Length: 100"]) + "{",
        request("POST /", ["Transfer-Encoding: chunked"]) + "1\r\n{\r\n",
    ]

    @Test(arguments: unfinished)
    func `who comes while all places are half-sent requests is served at once`(half: String) async throws {
        try await withListener(limit: ConnectionLimit(8)) { port async throws in
            try await Self.crowd(of: 8, on: port, sending: half) { () async throws in
                for _ in 0..<20 {
                    let answer = try await exchange(port, request("POST /", body: "{}"))
                    #expect(answer.status == "200", "\(answer)")
                }
            }
        }
    }

    /// Opens so many connections, each of which sends this and no more, before the work.
    private static func crowd(
        of count: Int,
        on port: UInt16,
        sending text: String,
        _ work: @Sendable @escaping () async throws -> Void
    ) async throws {
        guard count > 0 else { return try await work() }
        try await TestPeer.with(port: port) { peer in
            try await peer.send(text)
            try await crowd(of: count - 1, on: port, sending: text, work)
        }
    }

    @Test func `a pipelined long body is read when the request before it has its answer`() async throws {
        let gate = Gate()
        let echo = Echo { body, _ in
            if body.count == 2 { await gate.pass() }
            return "\"\(body.count)\""
        }
        try await withListener(echo) { port async throws in
            try await TestPeer.with(port: port) { peer in
                let long = String(repeating: "x", count: 200_000)
                try await peer.send(Self.whole + request("POST /", body: long))
                await gate.arrival()
                gate.open()
                #expect(try await peer.until("\"2\"").status == "200")
                #expect(try await peer.rest().content == "\"200000\"")
            }
        }
    }
}
