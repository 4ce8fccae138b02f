// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Clients

@Suite struct GrantTableTests {
    static let key = GrantKey(
        fingerprint: "AA:BB",
        program: "/usr/bin/firefox",
        origin: "moz-extension://x",
        vault: "Passwords",
        kind: .release,
        host: "a.example",
        form: GrantKey.Form(submitHost: "login.example", scheme: "https")
    )
    private let now = ContinuousClock.now

    private func table(_ grants: Grant...) -> GrantTable {
        var table = GrantTable()
        for grant in grants { table.remember(grant) }
        return table
    }

    private func grant(
        _ allows: Bool = true,
        _ entries: Set<String>? = nil,
        _ scope: Grant.Scope = .always,
        key: GrantKey = key
    ) -> Grant {
        Grant(key: key, allows: allows, entries: entries, scope: scope)
    }

    private func decision(_ table: GrantTable, _ entry: String = "E1", at now: ContinuousClock.Instant? = nil)
        -> Bool?
    {
        decision(table, on: Self.key, entry, at: now)
    }

    /// As long as what is stored is known.
    private func decision(
        _ table: GrantTable,
        on key: GrantKey,
        _ entry: String = "E1",
        at now: ContinuousClock.Instant? = nil
    ) -> Bool? {
        switch table.decision(on: GrantSubject(key: key, entry: entry), isKnown: true, now: now ?? self.now) {
        case .allowed: return true
        case .denied: return false
        case .undecided: return nil
        case .unknown:
            Issue.record("everything is known")
            return nil
        }
    }

    private func unread(_ table: GrantTable, _ entry: String = "E1") -> GrantDecision {
        table.decision(on: GrantSubject(key: Self.key, entry: entry), isKnown: false, now: now)
    }

    @Test func `nothing is decided at first`() {
        #expect(decision(GrantTable()) == nil)
    }

    @Test func `a grant about a host covers every entry, one about entries just those`() {
        #expect(decision(table(grant())) == true)
        let some = table(grant(true, ["E1", "E2"]))
        #expect(decision(some, "E2") == true)
        #expect(decision(some, "E3") == nil)
    }

    @Test func `a denial is a decision`() {
        #expect(decision(table(grant(false))) == false)
    }

    /// The same key but for one member.
    static let others: [GrantKey] = {
        var keys = Array(repeating: key, count: 9)
        keys[0].fingerprint = "AA:BC"
        keys[1].program = "/usr/bin/firefo"
        keys[2].origin = nil
        keys[3].vault = "passwords"
        keys[4].kind = .change
        keys[5].host = "www.a.example"
        keys[6].form?.submitHost = nil
        keys[7].form?.submitHost = "evil.example"
        keys[8].form = nil
        return keys
    }()

    @Test(arguments: others)
    func `a grant for anything else doesn't cover`(_ other: GrantKey) {
        #expect(decision(table(grant(key: other))) == nil)
    }

    @Test func `the later decision about an entry takes the place of the earlier one`() {
        let table = table(grant(true, ["E1", "E2"]), grant(false, ["E1"]))
        #expect(decision(table, "E1") == false)
        #expect(decision(table, "E2") == true)
        #expect(table.grants.map(\.entries) == [["E2"], ["E1"]])
    }

    @Test func `a later decision about the host takes the place of all`() {
        let table = table(grant(true, ["E1"]), grant(true, ["E2"]), grant(false))
        #expect(decision(table, "E1") == false)
        #expect(table.grants.count == 1)
    }

    @Test func `a later exception stands beside a decision about the host`() {
        let table = table(grant(true), grant(false, ["E1"]))
        #expect(decision(table, "E1") == false)
        #expect(decision(table, "E2") == true)
    }

    @Test func `a decision about other keys stays`() {
        var other = Self.key
        other.host = "b.example"
        let table = table(grant(key: other), grant(false))
        #expect(decision(table, on: other) == true)
    }

    @Test func `a decision about no entries is none`() {
        let table = table(grant(true, ["E1"]), grant(false, []))
        #expect(table.grants.count == 1)
        #expect(decision(table) == true)
    }

    // MARK: Forms

    private func key(_ submitHost: String?, _ scheme: String) -> GrantKey {
        var key = Self.key
        key.form = GrantKey.Form(submitHost: submitHost, scheme: scheme)
        return key
    }

    @Test func `what is allowed by https isn't by http, but the other way round`() {
        let encrypted = table(grant())
        #expect(decision(encrypted, on: key("login.example", "http")) == nil)
        #expect(decision(encrypted, on: key("login.example", "")) == nil)
        let plain = table(grant(key: key("login.example", "http")))
        #expect(decision(plain) == true)
        #expect(decision(plain, on: key(nil, "https")) == nil)
    }

    @Test func `a denial holds for a form that goes elsewhere or out in the clear, not for a better one`() {
        let own = table(grant(false, key: key(nil, "https")))
        #expect(decision(own, on: key("evil.example", "https")) == false)
        #expect(decision(own, on: key(nil, "http")) == false)
        let elsewhere = table(grant(false))
        #expect(decision(elsewhere, on: key(nil, "https")) == nil)
        #expect(decision(elsewhere, on: key("evil.example", "https")) == nil)
    }

    @Test func `a denial by http is none by https, and a decision by https comes first`() {
        #expect(decision(table(grant(false, key: key("login.example", "http")))) == nil)
        #expect(decision(table(grant(false), grant(key: key("login.example", "http")))) == false)
    }

    @Test func `an old grant allows nothing, still denies, and is replaced by the next answer`() {
        var old = Self.key
        old.form = nil
        #expect(decision(table(grant(true, ["E1"], key: old))) == nil)
        #expect(decision(table(grant(false, ["E1"], key: old))) == false)
        let answered = table(grant(true, ["E1", "E2"], key: old), grant(true, ["E1"]))
        #expect(decision(answered) == true)
        #expect(decision(answered, "E2") == nil)
        #expect(answered.grants.map(\.entries) == [["E2"], ["E1"]])
        let once = table(grant(true, ["E1"], key: old), grant(true, ["E1"], .session(expires: nil)))
        #expect(once.grants.count == 2)
    }

    // MARK: Sessions

    @Test func `a session ends at its time, not before`() {
        let table = table(grant(true, nil, .session(expires: now + .seconds(60))))
        #expect(decision(table, at: now + .seconds(59)) == true)
        #expect(decision(table, at: now + .seconds(60)) == nil)
    }

    @Test func `one that has run out can be dropped`() {
        var table = table(
            grant(true, ["E1"], .session(expires: now)),
            grant(true, ["E2"], .session(expires: nil)),
            grant(true, ["E3"])
        )
        table.dropOver(at: now)
        #expect(table.grants.map(\.entries) == [["E2"], ["E3"]])
    }

    @Test func `a lock ends the sessions of its vault, and keeps what is for always`() {
        var other = Self.key
        other.vault = "Others"
        var table = table(
            grant(true, ["E1"], .session(expires: nil)),
            grant(true, ["E2"]),
            grant(true, nil, .session(expires: nil), key: other)
        )
        table.endSessions(ofVault: "Passwords")
        #expect(decision(table, "E1") == nil)
        #expect(decision(table, "E2") == true)
        #expect(decision(table, on: other) == true)
        table.endSessions(ofVault: nil)
        #expect(table.grants.map(\.entries) == [["E2"]])
    }

    @Test(arguments: [nil, ["E1"]] as [Set<String>?])
    func `a session's decision hides one for always, and gives it back when it ends`(_ entries: Set<String>?)
    {
        var table = table(grant(false, ["E1"]), grant(true, entries, .session(expires: now + .seconds(60))))
        #expect(decision(table) == true)
        #expect(decision(table, at: now + .seconds(60)) == false)
        table.endSessions(ofVault: nil)
        #expect(decision(table) == false)
    }

    @Test func `a decision for always ends a session's`() {
        let table = table(grant(true, nil, .session(expires: nil)), grant(false))
        #expect(decision(table) == false)
        #expect(table.grants.count == 1)
    }

    // MARK: Forgetting and storing

    @Test func `one is forgotten by its name, and only under its own key`() throws {
        var table = table(grant(true, ["E1"]), grant(true, ["E2"]))
        let name = try #require(table.grants.first?.name)
        let others = [
            table.forget(fingerprint: "00", name: name), table.forget(fingerprint: "AA:BB", name: "nothing"),
        ]
        #expect(others == [false, false])
        let isForgotten = table.forget(fingerprint: "AA:BB", name: name)
        #expect(isForgotten)
        #expect(decision(table, "E1") == nil)
        #expect(decision(table, "E2") == true)
    }

    @Test func `a revoked key leaves nothing`() {
        var other = Self.key
        other.fingerprint = "CC"
        var table = table(grant(), grant(true, nil, .session(expires: nil)), grant(key: other))
        let hadAny = [table.forget(fingerprint: "AA:BB"), table.forget(fingerprint: "AA:BB")]
        #expect(hadAny == [true, false])
        #expect(table.grants(of: "AA:BB").isEmpty)
        #expect(table.grants(of: "CC").count == 1)
    }

    @Test func `what is stored takes the place of what was, the session's decisions stay`() {
        var table = table(grant(true, ["old"]), grant(false, ["E1"], .session(expires: nil)))
        var foreign = Self.key
        foreign.fingerprint = "CC"
        table.adopt([grant(true, ["E1", "E2"]), grant(key: foreign)], fingerprint: "AA:BB")
        #expect(decision(table, "old") == nil)
        #expect(decision(table, "E1") == false)
        #expect(decision(table, "E2") == true)
        #expect(table.grants(of: "CC").isEmpty)
    }

    @Test func `what can't be read may be a denial`() {
        #expect(unread(GrantTable()) == .unknown)
        #expect(unread(table(grant(true))) == .unknown)
        #expect(unread(table(grant(false))) == .denied)
    }

    @Test func `the word of this session counts also while what is stored can't be read, but for just that`()
    {
        let session = Grant.Scope.session(expires: nil)
        #expect(unread(table(grant(false), grant(true, nil, session))) == .allowed)
        #expect(unread(table(grant(true), grant(false, nil, session))) == .denied)
        var plain = Self.key
        plain.form = GrantKey.Form(submitHost: "login.example", scheme: "http")
        let byHTTP = table(grant(true, nil, session, key: plain))
        #expect(decision(byHTTP) == true)
        #expect(unread(byHTTP) == .unknown)
    }

    @Test func `all that is stored is taken over, but of keys that couldn't be read what was known stays`() {
        var foreign = Self.key
        foreign.fingerprint = "CC"
        var table = table(
            grant(false, ["E1"], key: foreign),
            grant(true, ["E1"]),
            grant(true, ["E2"], .session(expires: nil))
        )
        table.adopt([grant(true, ["E3"])], sparing: ["CC"])
        #expect(table.grants.map(\.entries) == [["E3"], ["E1"], ["E2"]])
        table.adopt([], sparing: [])
        #expect(table.grants.map(\.entries) == [["E2"]])
    }

    @Test func `each decision has a name of its own`() {
        #expect(grant().name != grant().name)
    }

    @Test func `what is decided about many is what is decided about each alone`() {
        var foreign = Self.key
        foreign.fingerprint = "CC"
        let table = table(
            grant(true, ["E1", "E2"]),
            grant(false, ["E2"]),
            grant(true, ["E3"], .session(expires: nil)),
            grant(true, ["E4"], .session(expires: now)),
            grant(false, ["E5"], key: foreign)
        )
        let subjects = (0..<8).map { GrantSubject(key: Self.key, entry: "E\($0)") }
        for isKnown in [true, false] {
            let decisions = table.decisions(on: subjects, now: now) { _ in isKnown }
            #expect(decisions == subjects.map { table.decision(on: $0, isKnown: isKnown, now: now) })
            #expect(Set(decisions).count > 2)
        }
    }

    @Test func `many decisions are gone through once for many entries`() {
        func prepare(_ count: Int) -> (GrantTable, [GrantSubject]) {
            var key = Self.key
            let grants = (0..<count).map { number in
                key.host = "\(number).example"
                return Grant(key: key, allows: true, entries: nil, scope: .always)
            }
            let subjects = (0..<count).map { GrantSubject(key: Self.key, entry: "E\($0)") }
            return (GrantTable(grants: grants), subjects)
        }
        let growth = ProcessorTime.growth(from: 500, prepare) { table, subjects in
            let decisions = table.decisions(on: subjects, now: now) { _ in true }
            #expect(decisions.allSatisfy { $0 == .undecided })
        }
        #expect(growth < 9, "four times as much took \(growth) times as long")
    }
}

extension GrantTable {
    /// The decision about a single entry.
    fileprivate func decision(
        on subject: GrantSubject,
        isKnown: Bool,
        now: ContinuousClock.Instant
    ) -> GrantDecision {
        decisions(on: [subject], now: now) { _ in isKnown }.first ?? .unknown
    }
}
