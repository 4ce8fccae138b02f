// SPDX-License-Identifier: Apache-2.0

import Audit
import BusInterface
import DBus
import Operations
import Testing

@testable import Console

struct FormattingTests {
    @Test(arguments: [
        (UInt64(0), "0 seconds"), (1, "1 second"), (119, "119 seconds"), (120, "2 minutes"),
        (7199, "119 minutes"),
        (7200, "2 hours"), (172_799, "47 hours"), (172_800, "2 days"),
    ])
    func `a span is told in its largest fitting unit`(seconds: UInt64, text: String) {
        #expect(Moment.span(seconds) == text)
    }

    @Test func `past and future are told from now, also by a clock that runs ahead`() {
        #expect(Moment.ago(90, now: 100) == "10 seconds ago")
        #expect(Moment.ago(99, now: 100) == "just now")
        #expect(Moment.ago(200, now: 100) == "just now")
        // An item of the keyring can say so.
        #expect(Moment.ago(.max, now: 100) == "just now")
        let noon: UInt64 = 1_700_000_000 / 86_400 * 86_400 + 43_200
        #expect(Moment.day(noon - 120, now: noon) == "today")
        #expect(Moment.day(noon - 86_400, now: noon) == "yesterday")
        #expect(Moment.day(noon - 3 * 86_400, now: noon) == "3 days ago")
        #expect(Moment.left(until: 160, now: 100) == "in 60 seconds")
        #expect(Moment.left(until: 219, now: 100) == "in 2 minutes")
        #expect(Moment.left(until: 699, now: 100) == "in 10 minutes")
        #expect(Moment.left(until: 100 + 7199, now: 100) == "in 2 hours")
        #expect(Moment.left(until: 100 + 86_400 * 30 - 1, now: 100) == "in 30 days")
        #expect(Moment.left(until: 90, now: 100) == "in a moment")
    }

    @Test func `columns are as wide as their widest cell`() {
        #expect(Columns.lines([["a", "bb", "c"], ["aaa", "b", ""]]) == ["a    bb  c", "aaa  b   "])
        #expect(Columns.lines([]).isEmpty)
    }

    @Test func `a client's line has all that tells it from others, cleaned`() {
        let client: [String: Value] = [
            "id": .string("firefox\u{1B}[2J"), "name": .string("Work"), "fingerprint": .string("3F:A2"),
            "created": .uint64(10), "last-used": .uint64(0), "program": .string("/usr/bin/firefox"),
            "origin": .string("moz-extension://x"), "extension": .string("Helper\n"),
        ]
        #expect(
            ClientsCommand.lines([client], now: 100) == [
                "“firefox[2J” (Work)  3F:A2  made 90 seconds ago  not used yet  /usr/bin/firefox “moz-extension://x” (“Helper”)"
            ]
        )
    }

    @Test func `what waits for its turn is counted, too`() {
        #expect(StatusCommand.line(waiting: 0, queued: 0) == "nothing")
        #expect(StatusCommand.line(clients: .success(3)) == "3")
        #expect(
            StatusCommand.line(clients: .failure(.refused("There is no display.")))
                == "not known. There is no display."
        )
        #expect(StatusCommand.line(waiting: 1, queued: 0) == "1 request: `keybell requests`")
        #expect(
            StatusCommand.line(waiting: 3, queued: 7).hasPrefix("3 requests: `keybell requests`, and 7 more")
        )
    }

    @Test func `a vault's and an agent's line say how they stand`() {
        #expect(
            StatusCommand.line(vault: [
                "name": .string("home"), "kind": .string("kdbx"), "locked": .boolean(true),
                "entries": .uint32(0),
            ]) == "home (kdbx, locked)"
        )
        #expect(
            StatusCommand.line(vault: [
                "name": .string("keyring"), "kind": .string("keyring"), "locked": .boolean(false),
                "entries": .uint32(1),
            ]) == "keyring (keyring, open, 1 login)"
        )
        #expect(
            StatusCommand.line(vault: [
                "name": .string("home"), "kind": .string("kdbx"), "locked": .boolean(false),
                "entries": .uint32(2), "trouble": .string("The file is gone."),
            ]) == "home (kdbx, open, 2 logins): served as it was before. The file is gone."
        )
        let kept = StatusCommand.line(vault: [
            "name": .string("home"), "kind": .string("kdbx"), "locked": .boolean(true),
            "entries": .uint32(0), "kept": .strings(["/home/a/home.kdbx.keybell-saved"]),
        ])
        #expect(kept.hasPrefix("home (kdbx, locked). What Keybell had saved is missing in its file"))
        #expect(kept.contains("/home/a/home.kdbx.keybell-saved"))
        #expect(kept.contains("`keybell unlock home`") && kept.contains("asks for the former password"))
        #expect(
            StatusCommand.line(agent: [
                "name": .string("my agent"), "executable": .string("/usr/bin/x"), "exclusive": .boolean(true),
            ]) == "“my agent” (/usr/bin/x), instead of notifications"
        )
    }

    @Test func `status says what answers requests where the notifier is off`() {
        #expect(StatusCommand.line(agents: 0, isNotifierOn: true) == "none beside the built-in notifier")
        #expect(StatusCommand.line(agents: 1, isNotifierOn: true) == nil)
        for count in [0, 1] {
            let line = StatusCommand.line(agents: count, isNotifierOn: false) ?? ""
            for way in ["keybell watch", "keybell requests", "keybell allow CODE", "is off"] {
                #expect(line.contains(way))
            }
            #expect(line.contains("agents") == (count > 0))
        }
    }

    @Test func `a port that takes a restart is told as one, with what systemd wants`() {
        var details = ConfigurationDetails(file: "/c.toml", isCurrent: true, afterRestart: ["http.port"])
        #expect(details.remarks.first?.text.contains("listens on its former port until then") == true)
        #expect(details.remarks.first?.cure.contains("keybell socket") == true)
        details.afterRestart = ["keyring.collection"]
        #expect(details.remarks.first?.text.contains("port") == false)
        #expect(details.remarks.first?.cure.contains("socket") == false)
    }

    @Test func `without grants it is the configuration that says who is asked`() {
        var policy = AccessRules()
        #expect(GrantsCommand.withoutGrants("git", id: "git", policy) == ["git is asked about each time."])
        #expect(GrantsCommand.notes("git", id: "git", policy).isEmpty)
        policy.exceptions["git"] = .never
        for lines in [
            GrantsCommand.withoutGrants("My git", id: "git", policy),
            GrantsCommand.notes("My git", id: "git", policy),
        ] {
            #expect(
                lines.count == 1 && lines.first?.contains(/My git. have logins without asking you/) == true
            )
        }
        let all = GrantsCommand.withoutGrants(nil, id: nil, policy)
        #expect(all.first == "All clients are asked about each time.")
        #expect(all.last?.contains("git have logins without asking you") == true)
        policy.standard = .granted
        #expect(GrantsCommand.withoutGrants("ssh", id: "ssh", policy).first?.contains("nothing else") == true)
        policy.standard = .always
        #expect(GrantsCommand.notes("ssh", id: "ssh", policy).first?.contains("whatever was granted") == true)
    }

    @Test func `of who is asked nothing is said where the daemon can't tell`() {
        #expect(
            GrantsCommand.withoutGrants("git", id: "git", nil) == [
                "Nothing was allowed or denied for longer than once."
            ]
        )
        var details: [String: Value] = ["current": .boolean(true)]
        #expect(ConfigurationDetails(details)?.access == nil)
        details["access"] = .string("never")
        details["client-access"] = .vardict(["git": .string("granted")])
        let rules = ConfigurationDetails(details)?.access
        #expect(rules == AccessRules(standard: .never, exceptions: ["git": .granted]))
        details["client-access"] = .vardict(["git": .string("sometimes")])
        #expect(ConfigurationDetails(details)?.access == nil)
    }

    @Test func `a grant's line has its key first`() {
        let grant: [String: Value] = [
            "key": .string("k1"), "host": .string("a.example"), "vault": .string("keyring"),
            "decision": .string("allow"), "scope": .string("session"), "expires": .uint64(160),
            "kind": .string("release"), "program": .string("/usr/bin/git"), "scheme": .string("https"),
            "submit-host": .string("b.example"),
        ]
        #expect(
            GrantsCommand.lines([grant], now: 100) == [
                "k1  allow  logins  https://a.example, to b.example  keyring  session  /usr/bin/git  ends in 60 seconds"
            ]
        )
        let others = [
            grant.merging(["host": .string("")]) { $1 }, grant.merging(["scheme": .string("")]) { $1 },
        ]
        let lines = GrantsCommand.lines(others, now: 100)
        #expect(lines.first?.contains("  by name or uuid  ") == true)
        #expect(lines.last?.contains("  a.example, to b.example  ") == true)
        let interpreter = grant.merging(["program": .string("/usr/bin/python3.11")]) { $1 }
        #expect(
            GrantsCommand.lines([interpreter], now: 100).first?
                .contains("  /usr/bin/python3.11 (anything without a script)  ") == true
        )
    }

    @Test func `a grant by name, and one for some logins of a host, says for which it is`() {
        func line(_ uuids: [String], _ titles: [String], host: String = "") -> String? {
            let grant: [String: Value] = [
                "key": .string("k1"), "decision": .string("allow"), "kind": .string("release"),
                "host": .string(host), "vault": .string("Work"), "scope": .string("always"),
                "entries": .strings(uuids), "titles": .strings(titles),
            ]
            return GrantsCommand.lines([grant], now: 100).first
        }
        #expect(
            line(["A1"], ["GitHub"])?.hasPrefix("k1  allow  logins  by name: “GitHub”  Work  always") == true
        )
        #expect(line(["A1", "A2"], ["", "My “bank”"])?.contains("  by name: A1, “My 'bank'”  ") == true)
        #expect(line(["A1"], [])?.contains("  by name: A1  ") == true)
        #expect(line(["A1"], ["GitHub"], host: "a.example")?.contains("  a.example: “GitHub”  ") == true)
        #expect(line(["A1"], [""], host: "a.example")?.contains("  a.example: A1  ") == true)
        #expect(
            line(["1", "2", "3", "4", "5"], ["a", "b", "c", "d", "e"])?
                .contains("  by name: “a”, “b”, “c” and 2 more  ") == true
        )
    }

    @Test func `a record that another program has written is marked before all else`() {
        var record = AuditRecord(.locked, time: 0, [.vault: "main"])
        #expect(LogCommand.line(record).hasSuffix("  main was locked"))
        record.stranger = "/tmp/x: main was"
        #expect(
            LogCommand.line(record).hasSuffix(
                "  NOT BY KEYBELL, written by “/tmp/x: main was”: main was locked"
            )
        )
        record.stranger = ""
        #expect(LogCommand.line(record).contains("  PERHAPS NOT BY KEYBELL, "))
    }
}
