// SPDX-License-Identifier: Apache-2.0

import Callers
import Testing

@testable import Approval

/// What is remembered of requests that have ended, and how much of it.
struct EndedRequestTests {
    private static func release(_ caller: Caller, entries: Int, host: String = "github.com")
        -> ApprovalRequest
    {
        var request = ApprovalRequest.release(caller, host: host)
        request.entries = (0..<entries).map { number in
            EntryLine(uuid: "\(number)", title: "entry \(number) of many that are found", username: "ann")
        }
        return request
    }

    /// Asks, and the process ends.
    private static func withdrawn(_ fixture: inout QueueFixture, _ request: ApprovalRequest) throws {
        _ = try #require(fixture.ask(request).code)
        let process = try #require(request.caller.holders.first)
        _ = fixture.queue.processEnded(process, now: fixture.now)
    }

    @Test func `an ended question keeps the entries that are shown, and how many there were`() throws {
        var fixture = QueueFixture()
        let request = Self.release(.named("firefox"), entries: 1500)
        try fixture.ask(request, answered: .deny)
        let ended = try #require(fixture.queue.ended.last)
        #expect(ended.request.entries == Array(request.entries.prefix(20)))
        #expect(ended.size < 20_000)
        let limits = fixture.queue.limits
        func shown(_ request: ApprovalRequest) -> PendingRequest {
            PendingRequest(code: "2222", request: request, created: 1, deadline: 2, limits: limits)
        }
        #expect(shown(ended.request) == shown(request))
        #expect(shown(ended.request).entryCount == 1500)
        #expect(StoredQuestionText(ended.request, limits) == StoredQuestionText(request, limits))
    }

    @Test func `of the entries that were chosen just the number is kept`() throws {
        var fixture = QueueFixture()
        try fixture.ask(.release(entries: ["AA", "BB"]), answered: .allow, Choices(entries: ["AA"]))
        #expect(fixture.queue.ended.last?.chosenCount == 1)
        #expect(fixture.queue.ended.last?.choices?.entries == nil)
    }

    @Test(arguments: [false, true]) func `titles tell the number of all`(isBulk: Bool) throws {
        var request = Self.release(.named("firefox"), entries: 40)
        request.bulk = isBulk
        let ended = request.ended(.expired, ApprovalLimits())
        #expect(Wording.title(ended) == Wording.title(request))
        #expect(Wording.title(ended).contains("40"))
    }

    @Test func `texts of a client's are kept no longer than they can be shown`() throws {
        let long = String(repeating: "x", count: 300_000)
        var request = ApprovalRequest.release(.named("firefox"), host: long + ".example.org")
        request.search = long
        request.fieldNames = [String](repeating: long, count: 200)
        request.fields = request.fieldNames
        request.entries = [EntryLine(uuid: "1", title: long, username: long)]
        let ended = request.ended(.expired, ApprovalLimits())
        #expect(request.size > 1 << 20)
        #expect(ended.size < 400_000)
        #expect(ended.host?.hasSuffix(".example.org") == true)
    }

    @Test func `whoever asked is known as long as a denial counts`() throws {
        var fixture = QueueFixture()
        try fixture.ask(.release(), answered: .allow)
        #expect(fixture.queue.ended.last?.callers.isEmpty == true)
        try fixture.ask(.save(), answered: .deny)
        #expect(fixture.queue.ended.last?.callers.count == 1)
        fixture.pass(.seconds(30))
        fixture.ask(.unlock())
        #expect(!fixture.queue.ended.contains { !$0.callers.isEmpty })
        #expect(fixture.queue.ended.count == 2)
    }

    @Test func `of withdrawn questions of one program just the last are remembered`() throws {
        var fixture = QueueFixture()
        try Self.withdrawn(&fixture, .release(.named("git", 99)))
        for number in 0..<100 {
            try Self.withdrawn(&fixture, .release(.named("flood", 100), host: "\(number)"))
        }
        let hosts = fixture.queue.ended.map(\.request.host)
        #expect(hosts.count == 17 && hosts.last == "99")
        #expect(fixture.queue.ended.first?.request.caller.executable == "/usr/bin/git")
    }

    @Test func `what has ended takes no more than its bytes, and no program pushes out another's`() throws {
        var fixture = QueueFixture { $0.endedBytes = 200_000 }
        let kept = try fixture.ask(.release(.named("git")), answered: .allow)
        let muted = try fixture.ask(
            Self.release(.named("flood"), entries: 20, host: "first"),
            answered: .deny,
            Choices(muteSeconds: 60)
        )
        for number in 0..<300 {
            fixture.pass(.seconds(1))
            try fixture.ask(
                Self.release(.named("other"), entries: 20, host: "\(number)"),
                answered: number.isMultiple(of: 2) ? .allow : .deny
            )
        }
        fixture.pass(.seconds(31))
        try fixture.ask(Self.release(.named("other"), entries: 20, host: "last"), answered: .allow)
        let ended = fixture.queue.ended
        #expect(ended.reduce(0) { $0 + $1.size } <= 200_000)
        #expect(ended.count > 20)
        #expect(ended.contains { $0.code == kept })
        // All the mutes and quiet times are over by then.
        #expect(fixture.queue.mutes.isEmpty && ended.contains { $0.code == muted })
    }

    @Test func `the code of one that is no longer remembered rests as well`() throws {
        var fixture = QueueFixture { $0.endedCount = 2 }
        let code = try fixture.ask(.release(), answered: .allow)
        for host in ["a", "b", "c"] { try fixture.ask(.release(host: host), answered: .allow) }
        #expect(!fixture.queue.ended.contains { $0.code == code })
        #expect(fixture.queue.restingCodes.contains(code))
        fixture.pass(.seconds(3600))
        fixture.ask(.save())
        #expect(!fixture.queue.restingCodes.contains(code))
    }

    @Test func `a flood of codes is bounded, too`() {
        var codes = RestingCodes()
        let now = ContinuousClock.now
        for number in 0...RestingCodes.most { codes.insert("\(number)", at: now) }
        #expect(!codes.contains("0") && codes.contains("1"))
        #expect(codes.longest(butFor: ["1"]) == "2")
        codes.drop(until: now)
        #expect(codes.longest(butFor: []) == nil && !codes.contains("2"))
    }
}
