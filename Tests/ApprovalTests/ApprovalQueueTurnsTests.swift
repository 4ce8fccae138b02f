// SPDX-License-Identifier: Apache-2.0

import Callers
import Testing

@testable import Approval

@Suite struct ApprovalQueueTurnsTests {
    var fixture = QueueFixture()

    /// Asks once for each host; the codes of those that are shown at once.
    @discardableResult
    private mutating func ask(_ hosts: [String], as caller: Caller = .named("firefox")) -> [String] {
        hosts.compactMap { fixture.ask(.release(caller, host: $0)).code }
    }

    private static func hosts(_ count: Int, _ prefix: String = "h") -> [String] {
        (0..<count).map { "\(prefix)\($0)" }
    }

    private func host(of code: String) -> String? {
        fixture.queue.waiting.first { $0.code == code }?.request.host
    }

    private var shown: [WaitingRequest] { fixture.queue.waiting.filter(\.hasTurn) }

    private mutating func answerAll() throws -> [String?] {
        var hosts: [String?] = []
        while let next = shown.first {
            hosts.append(next.request.host)
            _ = try fixture.answer(next.code, .allow)
        }
        return hosts
    }

    @Test mutating func `a fourth question of one program waits for its turn, unheard of`() throws {
        let codes = ask(["a", "b", "c"])
        #expect(codes.count == 3)
        let fourth = fixture.ask(.release(host: "d"))
        #expect(fourth.actions.isEmpty)
        let code = try #require(fixture.codes.last)
        #expect(throws: AnswerError.unknownRequest) { try fixture.answer(code, .allow) }
        fixture.pass(.seconds(100))
        let actions = try fixture.answer(codes[1], .deny)
        #expect(actions.suffix(2) == [.added(code: code), .notifierShows(code: code)])
        // Its time begins when it is shown.
        #expect(fixture.queue.waiting.last?.deadline == fixture.now + .seconds(120))
        #expect(try fixture.answer(code, .allow).answer(to: fourth.asker) != nil)
    }

    @Test mutating func `ten questions of one program are all asked, in their order`() throws {
        ask(Self.hosts(10))
        #expect(try answerAll() == Self.hosts(10))
    }

    @Test mutating func `one program can have nineteen questions and no more, the same one joins`() {
        ask(Self.hosts(19))
        #expect(fixture.codes.count == 19)
        #expect(fixture.ask(.release(host: "other")).answer == .tooMany)
        #expect(fixture.ask(.release(host: "h0")).answer == nil)
        #expect(fixture.ask(.release(host: "h18")).answer == nil)
        #expect(fixture.ask(.release(.named("chrome"), host: "other")).code != nil)
    }

    @Test mutating func `neither scripts nor Origins nor user agents are a new allowance`() {
        for number in 0..<30 {
            var caller = Caller.named("python3", 100 + Int32(number), origin: "moz-extension://\(number)")
            caller = Caller(
                uid: 1000,
                holders: caller.holders,
                processes: [.named("python3", 100, script: "/tmp/\(number).py")],
                origin: caller.origin,
                userAgent: "Mozilla/\(number)"
            )
            fixture.ask(.release(caller, host: "h\(number)"))
        }
        #expect(shown.count == 3)
        #expect(fixture.codes.count == 19)
        #expect(fixture.ask(.release(.named("firefox"))).code != nil)
    }

    @Test mutating func `sixteen are shown in all, sixty-four more wait, and no more`() {
        for number in 0..<80 {
            #expect(fixture.ask(.release(.named("program-\(number)"))).answer == nil)
        }
        #expect(shown.count == 16)
        #expect(fixture.codes.count == 80)
        #expect(fixture.ask(.release(.named("one-more"))).answer == .tooMany)
    }

    @Test mutating func `what another has a program's process hold takes nothing from that program`() {
        let shared = Caller.shared(by: "evil", "firefox")
        for number in 0..<30 { fixture.ask(.release(shared, host: "h\(number)")) }
        #expect(fixture.codes.count == 19)
        #expect(fixture.ask(.release(.named("firefox"), host: "page")).code != nil)
        #expect(shown.contains { $0.request.host == "page" })
        // Together with others a program has what is left of what it has alone.
        for number in 0..<30 { fixture.ask(.release(.named("evil"), host: "e\(number)")) }
        let third = Caller.shared(by: "evil", "chrome")
        #expect(fixture.ask(.release(third, host: "c")).answer == .tooMany)
    }

    @Test func `however many wait with a program's process, it waits for its own answer`() async {
        var limits = ApprovalLimits()
        limits.askersPerProgram = 2
        let broker = ApprovalBroker(limits: limits, watchProcess: { _, _ in 0 })
        let shared = Caller.shared(by: "evil", "firefox")
        let waiting = (0..<2).map { number in
            Task { await broker.ask(.release(shared, host: "h\(number)")) }
        }
        while await broker.isRoom(for: shared) { await Task.yield() }
        #expect(await broker.isRoom(for: .named("firefox")))
        for task in waiting { task.cancel() }
    }

    @Test mutating func `programs have their turns one after the other, the oldest question first`() throws {
        fixture = QueueFixture { $0.total = 1 }
        let first = ask(Self.hosts(4, "a"), as: .named("a"))
        ask(Self.hosts(2, "b"), as: .named("b"))
        ask(Self.hosts(1, "c"), as: .named("c"))
        #expect(first.count == 1)
        #expect(try answerAll() == ["a0", "b0", "c0", "a1", "b1", "a2", "a3"])
    }

    @Test mutating func `a flood of one program keeps no other from being asked about`() throws {
        ask(Self.hosts(19), as: .named("flood"))
        for number in 0..<13 { #expect(!ask(["x"], as: .named("program-\(number)")).isEmpty) }
        // All sixteen places are taken now.
        #expect(ask(["y"], as: .named("late")).isEmpty)
        let code = try #require(shown.first?.code)
        let actions = try fixture.answer(code, .deny)
        let next = try #require(
            actions.compactMap { if case .added(let code) = $0 { code } else { nil } }.first
        )
        #expect(host(of: next) == "y")
    }

    @Test mutating func `too many starts no quiet time`() throws {
        let codes = ask(Self.hosts(19))
        #expect(fixture.ask(.release(host: "d")).answer == .tooMany)
        _ = try fixture.answer(try #require(codes.first), .allow)
        #expect(fixture.ask(.release(host: "d")).answer == nil)
        #expect(fixture.codes.count == 19)
    }

    @Test mutating func `whoever is withdrawn or expires makes room, and nobody hears of one never shown`()
        throws
    {
        ask(["a", "b", "c"], as: .named("git", 100))
        let gone = fixture.ask(.release(.named("git", 101), host: "d"))
        ask(["e"], as: .named("git", 102))
        #expect(fixture.queue.watched.count == 3)
        let actions = fixture.queue.processEnded(ProcessIdentity(101), now: fixture.now)
        #expect(actions == [.answer(gone.asker, .withdrawn)])
        fixture.pass(.seconds(120))
        let later = fixture.queue.tick(now: fixture.now)
        #expect(fixture.queue.outcomes(of: later).count == 3)
        #expect(shown.map(\.request.host) == ["e"])
        #expect(fixture.queue.recent(now: fixture.now).count == 3)
    }

    @Test
    mutating func
        `a new associate takes the place of the withdrawn one behind what its program asked before`()
    {
        ask(["a", "b", "c", "d"])
        let old = fixture.ask(.associate(key: 1))
        let new = fixture.ask(.associate(key: 2))
        #expect(new.actions == [.answer(old.asker, .withdrawn)])
        #expect(fixture.queue.waiting.map(\.request.kind).filter { $0 == .associate }.count == 1)
    }

    @Test mutating func `two extensions of one browser leave each other's associates alone`() {
        fixture.ask(.associate(.named("firefox", origin: "moz-extension://a"), key: 1))
        fixture.ask(.associate(.named("firefox", origin: "moz-extension://b"), key: 2))
        #expect(fixture.codes.count == 2)
        for number in 0..<100 {
            fixture.ask(.associate(.named("firefox", origin: "moz-extension://\(number)"), key: 3))
        }
        #expect(fixture.codes.count == 19)
    }

    @Test mutating func `another program's unlock isn't kept waiting behind a flood`() throws {
        ask(["a", "b", "c"], as: .named("flood"))
        let flood = fixture.ask(.unlock(.named("flood")))
        #expect(flood.actions.isEmpty)
        let joined = fixture.ask(.unlock(.named("firefox")))
        #expect(joined.code != nil)
        let actions = try fixture.answer(try #require(joined.code), .allow)
        #expect(actions.answer(to: flood.asker) != nil)
        #expect(actions.answer(to: joined.asker) != nil)
    }

    @Test mutating func `an unlock that waits for its turn is over when the vault is open`() {
        ask(["a", "b", "c"])
        let asked = fixture.ask(.unlock())
        let opened = fixture.queue.opened("Passwords", now: fixture.now)
        #expect(opened.answer(to: asked.asker) == .opened)
        #expect(fixture.codes.count == 3)
    }

    @Test mutating func `shut down answers who waits for a turn, and shows nobody`() {
        ask(["a", "b", "c"])
        let asked = fixture.ask(.release(host: "d"))
        let actions = fixture.queue.shutDown(now: fixture.now)
        #expect(actions.answer(to: asked.asker) == .withdrawn)
        #expect(!actions.contains { if case .added = $0 { true } else { false } })
        #expect(fixture.queue.alarm == nil)
    }

    @Test mutating func `behind a locked screen all are held for ten minutes, and then have their turns`()
        throws
    {
        _ = fixture.queue.screen(isLocked: true, now: fixture.now)
        ask(["a", "b", "c", "d"])
        fixture.pass(.seconds(300))
        let actions = fixture.queue.screen(isLocked: false, now: fixture.now)
        #expect(actions.count == 6)
        #expect(fixture.queue.waiting.map { $0.deadline == nil } == [false, false, false, true])
        _ = fixture.queue.screen(isLocked: true, now: fixture.now)
        fixture.pass(.seconds(599))
        #expect(fixture.queue.tick(now: fixture.now).isEmpty)
        fixture.pass(.seconds(1))
        #expect(
            fixture.queue.tick(now: fixture.now).count { if case .answer = $0 { true } else { false } } == 4
        )
        #expect(fixture.codes.isEmpty)
    }

    @Test mutating func `so many can join a question and no more`() {
        fixture = QueueFixture { $0.joined = 3 }
        for pid in 100..<103 { #expect(fixture.ask(.release(.named("git", Int32(pid)))).answer == nil) }
        #expect(fixture.ask(.release(.named("git", 103))).answer == .tooMany)
        #expect(fixture.ask(.release(.named("git", 101))).answer == nil)
    }
}

@Suite struct VouchedQuietTests {
    var fixture = QueueFixture()

    private func script(_ name: String?, origin: String? = nil) -> Caller {
        Caller(
            uid: 1000,
            holders: [ProcessIdentity(100)],
            processes: [.named("python3", 100, script: name)],
            origin: origin
        )
    }

    @Test mutating func `another Origin or script is no way round a quiet time`() throws {
        try fixture.ask(.release(script("/a.py", origin: "moz-extension://a")), answered: .deny)
        #expect(fixture.ask(.release(script("/b.py", origin: "moz-extension://a"))).answer == .quiet)
        #expect(fixture.ask(.release(script("/a.py", origin: "moz-extension://b"))).answer == .quiet)
        #expect(fixture.ask(.release(script("/a.py", origin: nil), host: "other")).code != nil)
    }

    @Test mutating func `a denied associate quiets the executable, whatever extension it says it is`() throws
    {
        try fixture.ask(.associate(.named("firefox", origin: "moz-extension://a")), answered: .deny)
        #expect(fixture.ask(.associate(.named("firefox", origin: "moz-extension://b"))).answer == .quiet)
    }

    @Test mutating func `another Id that can't be verified is no way round a denied unlock`() throws {
        var first = ApprovalRequest.unlock(vault: nil)
        first.verified = false
        try fixture.ask(first, answered: .deny)
        var second = first
        second.client = "other"
        second.questionDigest = [9]
        #expect(fixture.ask(second).answer == .quiet)
    }

    @Test mutating func `a muted script is muted whatever Origin it claims, and just that script`() throws {
        let other = fixture.ask(.save(script("/a.py", origin: "moz-extension://b")))
        try fixture.ask(.release(script("/a.py")), answered: .deny, Choices(muteSeconds: 600))
        #expect(fixture.codes.isEmpty)
        #expect(other.code != nil)
        #expect(fixture.ask(.save(script("/a.py", origin: "moz-extension://c"))).answer == .quiet)
        #expect(fixture.ask(.save(script("/b.py"))).code != nil)
    }

    @Test mutating func `a muted executable is muted whatever script it claims`() throws {
        try fixture.ask(.release(script(nil)), answered: .deny, Choices(muteSeconds: 600))
        #expect(fixture.ask(.save(script("/a.py"))).answer == .quiet)
    }

    @Test
    mutating func `a muted program's questions that wait for their turn are denied unseen, and counted`()
        throws
    {
        let codes = ["a", "b", "c", "d", "e"].map { fixture.ask(.release(host: $0)) }.compactMap(\.code)
        _ = try fixture.answer(codes[0], .deny, Choices(muteSeconds: 600))
        #expect(fixture.codes.isEmpty)
        let recent = fixture.queue.recent(now: fixture.now)
        #expect(recent.count == 3)
        #expect(recent.first { $0.request.code == codes[0] }?.request.unseen == 2)
    }

    @Test mutating func `no flood pushes out of mind what ends a mute`() throws {
        fixture = QueueFixture { $0.endedCount = 4 }
        let code = try fixture.ask(.release(.named("evil")), answered: .deny, Choices(muteSeconds: 600))
        for number in 0..<20 {
            try fixture.ask(.release(.named("flood"), host: "\(number)"), answered: .allow)
        }
        #expect(fixture.queue.ended.count == 4)
        #expect(fixture.queue.unmute(code, now: fixture.now).count == 1)
        #expect(fixture.ask(.release(.named("evil"))).code != nil)
    }
}

@Suite struct AgentRuleTests {
    var fixture = QueueFixture()

    private mutating func register(_ name: String, peer: String, of process: Answerer = .stranger)
        throws(AgentError)
    {
        let agent = Agent(peer: peer, name: name, isExclusive: true, answerer: process)
        _ = try fixture.queue.register(agent, now: fixture.now)
    }

    @Test mutating func `there are thirty-two agents at most, who may register again`() throws {
        for number in 0..<32 { try register("panel", peer: ":1.\(number)") }
        #expect(throws: AgentError.tooMany(32)) { try register("panel", peer: ":1.99") }
        try register("panel", peer: ":1.0")
        _ = fixture.queue.unregister(peer: ":1.1", now: fixture.now)
        try register("panel", peer: ":1.99")
    }

    @Test mutating func `a process that has taken all places makes room for others, up to four each`() throws
    {
        for number in 0..<32 { try register("greedy", peer: ":1.\(number)") }
        for number in 0..<4 { try register("panel", peer: ":2.\(number)", of: .named("panel", 70)) }
        #expect(throws: AgentError.tooMany(32)) {
            try register("panel", peer: ":2.4", of: .named("panel", 70))
        }
        #expect(throws: AgentError.tooMany(32)) { try register("greedy", peer: ":1.99") }
        try register("watch", peer: ":3.0", of: .named("keybell", 80))
        #expect(fixture.queue.agents.count == 32)
        #expect(fixture.queue.agents.count { $0.name == "greedy" } == 27)
        #expect(fixture.queue.agents.first?.peer == ":1.0", "the youngest went")
    }

    @Test mutating func `agents of many processes make no room`() throws {
        for number in 0..<32 {
            try register("panel", peer: ":1.\(number)", of: .named("panel", Int32(100 + number / 4)))
        }
        #expect(throws: AgentError.tooMany(32)) {
            try register("watch", peer: ":3.0", of: .named("keybell", 80))
        }
    }

    @Test mutating func `an agent's name has one to sixty-four characters`() throws {
        #expect(throws: AgentError.noName) { try register("", peer: ":1.1") }
        let long = String(repeating: "a", count: 65)
        #expect(throws: AgentError.longName(64)) { try register(long, peer: ":1.1") }
        let pile = "a" + String(repeating: "\u{301}", count: 64)
        #expect(throws: AgentError.longName(64)) { try register(pile, peer: ":1.1") }
        try register(String(long.dropLast()), peer: ":1.1")
    }

    @Test mutating func `without notifications what an agent doesn't confirm is counted, and unseen`()
        throws
    {
        try register("panel", peer: ":1.1")
        let asked = fixture.ask(.release())
        fixture.pass(.seconds(120))
        let actions = fixture.queue.tick(now: fixture.now)
        #expect(actions.answer(to: asked.asker) == .unseen)
        #expect(fixture.queue.agents.first?.record.expired == 1)
        #expect(fixture.queue.agents.first?.record.hasShown == false)
        // One at which something was answered may just have been left alone.
        _ = try fixture.answer(try #require(fixture.ask(.release()).code), .allow)
        let second = fixture.ask(.release(host: "other.example"))
        fixture.pass(.seconds(120))
        #expect(fixture.queue.tick(now: fixture.now).answer(to: second.asker) == .expired)
    }

    @Test mutating func `what an agent confirms and nobody answers is counted, until one is answered`() throws
    {
        try register("panel", peer: ":1.1")
        for count in 1...2 {
            let code = try #require(fixture.ask(.release()).code)
            _ = try fixture.queue.shown(code, by: ":1.1", now: fixture.now)
            fixture.pass(.seconds(120))
            _ = fixture.queue.tick(now: fixture.now)
            #expect(fixture.queue.agents.first?.record.expired == UInt32(count))
        }
        try register("panel", peer: ":1.1")
        #expect(fixture.queue.agents.first?.record.expired == 2)
        let code = try #require(fixture.ask(.release()).code)
        _ = try fixture.queue.shown(code, by: ":1.1", now: fixture.now)
        _ = try fixture.answer(code, .allow)
        #expect(fixture.queue.agents.first?.record == AgentInfo.record(answered: 1))
    }
}

extension AgentInfo {
    fileprivate static func record(answered: Int) -> AgentRecord {
        var record = AgentRecord()
        record.shows()
        for _ in 0..<answered { record.take(.allowed) }
        return record
    }
}
