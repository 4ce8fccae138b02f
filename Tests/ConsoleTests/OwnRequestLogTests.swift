// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DBus
import Testing

@testable import Console

struct OwnRequestLogTests {
    private static func request(
        _ code: String,
        client: String = "script",
        pid: UInt32 = 7,
        executable: String = "/usr/bin/keybell",
        outcome: String = "denied",
        kind: String = "release",
        quietUntil: UInt64? = nil,
        mutedUntil: UInt64? = nil,
        unseen: UInt32 = 0,
        unconfirmed: Bool? = nil,
        leftOut: [String] = []
    ) -> RequestDetails {
        var members: [String: Value] = [
            "kind": .string(kind), "client": .string(client), "outcome": .string(outcome),
            "unseen": .uint32(unseen), "left-out": .strings(leftOut),
            "caller": .vardict(["pid": .uint32(pid), "executable": .string(executable)]),
        ]
        members["unconfirmed"] = unconfirmed.map { .boolean($0) }
        members["quiet-until"] = quietUntil.map { .uint64($0) }
        members["muted-until"] = mutedUntil.map { .uint64($0) }
        return RequestDetails(code: code, reading: members)
    }

    private func reason(_ recent: [RequestDetails], before: [String: Int] = [:]) -> OwnRequestLog.Reason {
        OwnRequestLog.reason(recent, before: before, client: "script", pid: 7, executable: "/usr/bin/keybell")
    }

    @Test func `a denial of this very process is told`() {
        #expect(reason([Self.request("2345")]) == .denied(code: "2345"))
        #expect(reason([Self.request("2345", outcome: "allowed")]) == .nothing)
        #expect(reason([Self.request("2345", pid: 8)], before: ["2345": 0]) == .nothing)
    }

    @Test func `an allow that was not confirmed is told as such`() {
        let reason = reason([Self.request("2345", unconfirmed: true)])
        #expect(reason == .unconfirmed)
        let error = reason.error(for: "login", client: "script", now: 0)
        #expect(error.exitCode == 1)
        #expect(error.text.contains("did not confirm"))
    }

    @Test func `a name that another client has is told before the second question`() {
        let request = RequestDetails(
            code: "2345",
            reading: [
                "kind": .string("associate"), "suggested-id": .string("firefox"),
                "fingerprint": .string("AA:BB"),
            ]
        )
        func client(_ id: String, _ key: String) -> [String: Value] {
            ["id": .string(id), "fingerprint": .string(key)]
        }
        let clients = [client("night", "CC:DD"), client("firefox", "AA:BB")]
        #expect(AllowCommand.takenNote(request, AnswerChoices(), clients) == nil)
        #expect(AllowCommand.takenNote(request, AnswerChoices(id: "new"), clients) == nil)
        #expect(
            AllowCommand.takenNote(request, AnswerChoices(id: "night"), clients)?.contains("“night”") == true
        )
    }

    @Test func `so is that of a like question which this process has joined`() {
        #expect(reason([Self.request("2345", pid: 8)]) == .denied(code: "2345"))
    }

    @Test func `a denial that made this one be denied unseen is told with its end`() {
        let former = Self.request("2345", pid: 3, quietUntil: 1000, unseen: 2)
        #expect(reason([former], before: ["2345": 1]) == .quiet(code: "2345", until: 1000))
        #expect(reason([former], before: ["2345": 2]) == .nothing, "that was another one's")
    }

    @Test func `behind a quiet time a decision for longer is looked for, behind a mute none`() {
        #expect(
            reason([Self.request("2345", pid: 3, quietUntil: 1000, unseen: 1)], before: ["2345": 0])
                .mayBeRemembered
        )
        let muting = Self.request("2345", pid: 3, quietUntil: 1000, mutedUntil: 900, unseen: 1)
        #expect(!reason([muting], before: ["2345": 0]).mayBeRemembered)
        #expect(!OwnRequestLog.Reason.denied(code: "2345").mayBeRemembered)
    }

    @Test func `the way out of a mute is told to be the one that there is`() {
        let muting = Self.request("2345", pid: 3, quietUntil: 1000, mutedUntil: 700, unseen: 1)
        let told = reason([muting], before: ["2345": 0]).error(for: "login", client: "script", now: 101).text
        #expect(told.contains("in 10 minutes, or after `keybell unmute 2345`"), "\(told)")
        #expect(
            OwnRequestLog.silence([muting], executable: "/usr/bin/keybell")
                == .muted(code: "2345", until: 700)
        )
        let quiet = OwnRequestLog.Reason.quiet(code: "2345", until: 120)
        #expect(quiet.error(for: "login", client: "script", now: 101).text.contains("`keybell allow 2345`"))
    }

    @Test func `what the person kept back of this process's own request is known`() {
        func keptBack(_ recent: [RequestDetails]) -> Set<String> {
            OwnRequestLog.keptBack(
                recent,
                before: ["3456": 0],
                client: "script",
                pid: 7,
                executable: "/usr/bin/keybell"
            )
        }
        let parts = ["passwords", "fields"]
        let own = Self.request("2345", outcome: "allowed", leftOut: parts)
        #expect(keptBack([own]) == Set(parts))
        #expect(keptBack([own, Self.request("4567", outcome: "allowed")]).isEmpty, "the last one counts")
        #expect(keptBack([Self.request("3456", pid: 8, outcome: "allowed", leftOut: parts)]).isEmpty)
        #expect(keptBack([Self.request("2345", client: "other", outcome: "allowed", leftOut: parts)]).isEmpty)
        #expect(keptBack([]).isEmpty)
    }

    @Test func `a mute of this program is told, whatever it began with`() {
        for kind in ["associate", "release"] {
            let muting = Self.request("2345", client: "other", pid: 3, kind: kind, mutedUntil: 900, unseen: 3)
            #expect(reason([muting], before: ["2345": 2]) == .muted(code: "2345", until: 900))
            #expect(reason([muting], before: ["2345": 3]) == .nothing)
            #expect(
                OwnRequestLog.silence([muting], executable: "/usr/bin/keybell")
                    == .muted(code: "2345", until: 900)
            )
            #expect(OwnRequestLog.silence([muting], executable: "/usr/bin/curl") == nil)
        }
        let others = Self.request(
            "2345",
            client: "other",
            executable: "/usr/bin/curl",
            mutedUntil: 9,
            unseen: 1
        )
        #expect(reason([others], before: ["2345": 0]) == .nothing)
    }

    @Test func `nobody is told to look for a question that isn't asked`() {
        func silence(_ request: RequestDetails) -> OwnRequestLog.Reason? {
            OwnRequestLog.silence([request], executable: "/usr/bin/keybell")
        }
        #expect(
            silence(Self.request("2345", client: "", kind: "associate", quietUntil: 900))
                == .quiet(code: "2345", until: 900)
        )
        #expect(silence(Self.request("2345", client: "", kind: "associate")) == nil)
        #expect(silence(Self.request("2345", quietUntil: 900)) == nil, "a denial of something else")
    }

    @Test(arguments: [
        (["--scope", "always"], "associate", "leave out --scope always"),
        (["--scope", "session"], "unlock", "leave out --scope session"), (["--id", "x"], "release", "--id"),
        (["--names-only"], "save", "--names-only"), (["--entry", "1"], "unlock", "--entry"),
    ])
    func `an option that doesn't fit is told in the options' words`(
        options: [String],
        kind: String,
        words: String
    ) async throws {
        let command = try await AllowCommand.asyncParse(["7F2A"] + options)
        let mistake = try #require(command.mistake(for: Self.request("7F2A", kind: kind)))
        #expect(mistake.contains(words))
        #expect(!mistake.contains("scope always goes with"))
    }

    @Test func `options that fit are none to complain of`() async throws {
        let release = Self.request("7F2A")
        #expect(
            try await AllowCommand.asyncParse(["7F2A", "--scope", "always"]).mistake(for: release) == nil
        )
        #expect(
            try await AllowCommand.asyncParse(["7F2A", "--names-only", "--entry", "1"]).mistake(for: release)
                == nil
        )
        let associate = Self.request("7F2A", kind: "associate")
        #expect(
            try await AllowCommand.asyncParse(["7F2A", "--id", "x", "--scope", "once"]).mistake(
                for: associate
            ) == nil
        )
    }

    @Test func `what others asked is never taken for ours`() {
        let others = [
            Self.request("2345", client: "browser"), Self.request("3456", executable: "/usr/bin/curl"),
            Self.request("4567", client: "browser", quietUntil: 1000, unseen: 1),
        ]
        #expect(reason(others) == .nothing)
    }

    private static func grant(
        _ key: String,
        _ host: String = "a.example",
        kind: String = "release",
        program: String = "/usr/bin/keybell",
        decision: String = "deny",
        scope: String = "always"
    ) -> [String: Value] {
        [
            "key": .string(key), "host": .string(host), "kind": .string(kind), "program": .string(program),
            "decision": .string(decision), "scope": .string(scope),
        ]
    }

    private func denial(in grants: [[String: Value]], of page: String) -> String? {
        let denial = OwnRequestLog.denial(in: grants, of: page, executable: "/usr/bin/keybell")
        return if case .remembered(let key, _)? = denial { key } else { nil }
    }

    @Test(arguments: [("session", "this session"), ("always", "good")])
    func `a remembered denial is told for how long it was meant`(scope: String, words: String) throws {
        let denial = try #require(
            OwnRequestLog.denial(
                in: [Self.grant("2", scope: scope)],
                of: "https://a.example/",
                executable: "/usr/bin/keybell"
            )
        )
        let error = denial.error(for: "login", client: "script", now: 0)
        #expect(
            error
                == .refused(
                    "You have denied this for \(words). To be asked again: `keybell forget script 2`."
                )
        )
    }

    @Test func `a remembered denial is found by its host`() {
        let grants = [Self.grant("1", decision: "allow"), Self.grant("2"), Self.grant("3", "")]
        #expect(denial(in: grants, of: "https://A.example/login") == "2")
        #expect(denial(in: grants, of: "a.example") == "2")
        #expect(denial(in: grants, of: "https://b.example/") == nil)
        #expect(denial(in: [Self.grant("4", "a.example:8443")], of: "https://a.example:8443/") == "4")
    }

    @Test(arguments: ["https://data.example/", "https://b.example/a.example", "https://a.example:8443/"])
    func `a denial for another host explains nothing`(page: String) {
        #expect(denial(in: [Self.grant("1")], of: page) == nil)
    }

    @Test func `nor does one of another program, or of saving`() {
        let grants = [Self.grant("1", program: "/usr/bin/curl"), Self.grant("2", kind: "change")]
        #expect(denial(in: grants, of: "https://a.example/") == nil)
    }

    @Test func `an allow whose vault is locked says that the program gets nothing yet`() {
        let request = RequestDetails(
            code: "2345",
            reading: ["kind": .string("release"), "vault": .string("main")]
        )
        func vault(_ locked: Bool) -> [[String: Value]] {
            [["name": .string("main"), "locked": .boolean(locked)]]
        }
        #expect(AllowCommand.lockNote(request, vault(false)) == nil)
        #expect(AllowCommand.lockNote(request, vault(true))?.contains("keybell unlock main") == true)
    }

    @Test func `who lets a client in is told that a vault which was never opened is asked about next`() {
        let request = RequestDetails(code: "7F2A", reading: ["kind": .string("associate")])
        func note(hash: String, isLocked: Bool = true) -> String? {
            AllowCommand.lockNote(
                request,
                [["name": .string("main"), "hash": .string(hash), "locked": .boolean(isLocked)]]
            )
        }
        #expect(note(hash: "")?.contains("keybell unlock main") == true)
        #expect(note(hash: "a1") == nil)
        #expect(note(hash: "", isLocked: false) == nil)
        #expect(AllowCommand.lockNote(request, []) == nil)
    }
}
