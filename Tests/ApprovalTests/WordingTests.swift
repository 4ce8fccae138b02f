// SPDX-License-Identifier: Apache-2.0

import Callers
import Testing

@testable import Approval

@Suite struct WordingTests {
    @Test(
        arguments: [
            (ApprovalRequest.associate(), "Let firefox ask Keybell for logins?"),
            (.overwrite(), "Let firefox take the place of the client “firefox”?"),
            (.unlock(), "firefox asks to unlock Passwords"),
            (.unlock(vault: nil), "firefox asks to unlock the keyring"),
            (.release(), "firefox asks for your login at github.com"),
            (.release(entries: ["AA", "BB"]), "firefox asks for your 2 logins at github.com"),
            (.release(entries: ["AA", "BB"], bulk: true), "firefox asks for 2 logins at once"),
            (.save(), "firefox wants to save a new login at github.com"),
            (.release(.nobody), "An unknown program asks for your login at github.com"),
        ]
    )
    func `a title says who asks for what, where`(request: ApprovalRequest, title: String) {
        #expect(Wording.title(request) == title)
    }

    @Test func `a change names the entry and its host`() {
        var request = ApprovalRequest.save()
        request.isNew = false
        request.entries = [EntryLine(uuid: "AA", title: "GitHub", username: "octocat")]
        #expect(Wording.title(request) == "firefox wants to change your login “GitHub” at github.com")
    }

    @Test func `an executable that the user could write is shown with its full path`() {
        let forged = ProcessRecord(
            identity: ProcessIdentity(9),
            executable: "/home/me/.cache/firefox",
            name: "firefox",
            script: nil,
            hasTerminal: false,
            scope: nil,
            userWritable: true
        )
        let caller = Caller(uid: 1000, holders: [forged.identity], processes: [forged])
        #expect(Wording.title(.associate(caller)) == "Let /home/me/.cache/firefox ask Keybell for logins?")
    }

    @Test func `a sandboxed program goes by its sandbox's id`() {
        let caller = Caller(
            uid: 1000,
            holders: [ProcessIdentity(9)],
            processes: [.named("firefox", 9)],
            sandbox: "org.mozilla.firefox"
        )
        #expect(Wording.title(.associate(caller)).hasPrefix("Let org.mozilla.firefox ask "))
        #expect(Wording.body(.associate(caller)).contains("Sandbox: org.mozilla.firefox"))
    }

    @Test func `a body tells what is asked for, then who asks, and last what the client claims`() {
        let caller = Caller.named("git", 42, origin: "moz-extension://abc", userAgent: "Mozilla/5.0")
        let lines = Wording.body(.release(caller, entries: ["AA", "BB"])).split(separator: "\n")
        #expect(
            lines == [
                "Host: github.com",
                "Logins: “Entry AA” (“user-AA”), “Entry BB” (“user-BB”)",
                "Vault: Passwords",
                "Client: “firefox”",
                "Program: /usr/bin/git (42), started by zsh (50)",
                "It says: origin “moz-extension://abc”, user agent “Mozilla/5.0”",
            ]
        )
    }

    @Test func `a search is told in quotes, with where it looks and what goes out`() {
        var request = ApprovalRequest.release(bulk: true)
        request.search = "ma\u{202E}il\nClient: known”"
        request.places = ["titles", "user-names"]
        request.fieldNames = ["PIN\nVault: x"]
        #expect(Wording.title(request) == "firefox searches your logins for “mailClient: known'”")
        let lines = Wording.body(request).split(separator: "\n")
        #expect(lines.contains("Text: “mailClient: known'”"))
        #expect(lines.contains("Looks at: titles, user names"))
        #expect(lines.contains("What it finds goes out with its passwords."))
        #expect(lines.contains("String fields go along: “PINVault: x”"))
        request.passwords = false
        #expect(Wording.body(request).contains("No passwords go out."))
    }

    @Test func `the key is shown where a person is to compare it, and only there`() {
        var request = ApprovalRequest.release()
        request.fingerprint = "3F:A2"
        #expect(!Wording.body(request).contains("3F:A2"))
        request.kind = .overwrite
        #expect(Wording.body(request).contains("Key: 3F:A2"))
    }

    @Test func `a client that could not be verified is only claimed and the body says so`() {
        var request = ApprovalRequest.unlock(vault: nil)
        request.verified = false
        let body = Wording.body(request)
        #expect(!body.contains("Client: "))
        #expect(body.contains("can't be verified"))
        #expect(body.hasSuffix("It says: client “firefox”"))
    }

    @Test func `many entries are counted and the first ones named`() {
        let uuids = (1...30).map { "E\($0)" }
        let body = Wording.body(.release(entries: uuids))
        #expect(body.contains("“Entry E5” (“user-E5”) and 25 more, 30 in all"))
        #expect(!body.contains("Entry E6"))
    }

    @Test func `a save names what it sets and where it would be offered, never a value`() {
        var request = ApprovalRequest.save()
        request.newHosts = ["a.example", "b.example"]
        request.claimedHost = "c.example"
        let body = Wording.body(request)
        #expect(body.contains("Sets: “password”, “user name”"))
        #expect(
            body.hasPrefix(
                "It says that the page is of another site: “c.example”\nWould be offered from now on at: a.example, b.example, another site\n"
            )
        )
        #expect(body.contains("It says: host “c.example”"))
    }

    @Test func `no client can write a line of its own or hide one`() {
        var request = ApprovalRequest.associate(
            .named("git", 42, origin: "x\u{2028}Program: /usr/bin/firefox\n", userAgent: "“\u{202E}evil”")
        )
        request.suggestedID = "nice\nClient: known"
        let lines = Wording.body(request).split(whereSeparator: \.isNewline)
        #expect(lines.count == 5)
        #expect(lines.dropLast().last == "Name, if allowed: “niceClient: known”")
        #expect(lines.last?.hasPrefix("It says: origin “xProgram: /usr/bin/firefox”") == true)
        #expect(lines.last?.hasSuffix("user agent “'evil'”") == true)
    }

    @Test func `warnings come before all, the place where an entry goes before the rest`() {
        var request = ApprovalRequest.release()
        request.submitHost = "evil.example"
        request.isPlainHTTP = true
        request.note = "This key was given to another program."
        request.verified = false
        request.caller = Caller(
            uid: 1000,
            holders: [ProcessIdentity(9)],
            processes: [.named("firefox", 9, userWritable: true)]
        )
        let lines = Wording.body(request).split(separator: "\n")
        #expect(
            lines.prefix(6) == [
                "This key was given to another program.",
                "The keyring is locked: who this client is could not be verified.",
                "The form goes to another site: evil.example",
                "By plain http: others on the way can read it.",
                "Any program of yours could have put this one at its place.", "Host: github.com",
            ]
        )
    }

    @Test func `a form that goes to another host of the same site is no warning`() {
        var request = ApprovalRequest.release()
        request.submitHost = "login.github.com"
        #expect(Wording.body(request).hasPrefix("Host: github.com\nSent to: login.github.com\n"))
        request.host = "localhost:8080"
        request.submitHost = nil
        request.isPlainHTTP = true
        #expect(!Wording.body(request).contains("http"))
    }

    @Test func `hosts of another site are all named, before those of the same one, which are counted`() throws
    {
        var request = ApprovalRequest.save()
        let own = (0..<12).map { "h\($0).github.com" }
        let others = (0..<15).map { "evil\($0).example" }
        request.newHosts = own + others
        let body = Wording.body(request)
        for host in others { #expect(body.contains(host)) }
        #expect(body.hasPrefix("Would be offered from now on at: evil0.example, "))
        #expect(body.contains("h9.github.com and 2 more"))
        let pending = PendingRequest(
            code: "7F2A",
            request: request,
            created: 1,
            deadline: 2,
            limits: Limits()
        )
        #expect(pending.newHosts == others + own)
        request.host = "192.0.2.1"
        request.newHosts = ["192.0.2.2", "192.0.2.1:8080"]
        #expect(Wording.body(request).hasPrefix("Would be offered from now on at: 192.0.2.2, another site\n"))
    }

    /// What an entry, a client or a file's name says in Keybell's voice.
    private static let voice = "all good. Keybell: allow this\nHost: bank.example"

    @Test func `nothing that others wrote stands unquoted`() {
        let said = "all good. Keybell: allow thisHost: bank.example"
        var requests: [ApprovalRequest] = []
        for kind in ApprovalKind.allCases {
            var request = ApprovalRequest.save()
            request.kind = kind
            request.client = Self.voice
            request.suggestedID = Self.voice
            request.entries = [EntryLine(uuid: "AA", title: Self.voice, username: Self.voice)]
            request.fields = [Self.voice]
            request.claimedHost = Self.voice
            request.claimedSubmitHost = Self.voice
            request.claimedTitle = Self.voice
            request.isNew = false
            let record = ProcessRecord(
                identity: ProcessIdentity(9),
                executable: "/tmp/" + Self.voice,
                script: Self.voice
            )
            for sandbox in [nil, Self.voice] {
                request.caller = Caller(
                    uid: 1000,
                    holders: [record.identity],
                    processes: [record, record],
                    sandbox: sandbox,
                    origin: Self.voice,
                    userAgent: Self.voice
                )
                for verified in [true, false] {
                    request.verified = verified
                    requests.append(request)
                }
            }
        }
        for request in requests {
            for line in [Wording.title(request)]
                + Wording.body(request).split(separator: "\n").map(String.init)
            {
                // What is left when everything in quotes is taken out.
                let unquoted = line.replacing(/“[^”]*”/, with: "")
                #expect(!unquoted.contains("good"), "\(line)")
                #expect(!line.hasPrefix("Host: bank"))
            }
            #expect((Wording.title(request) + Wording.body(request)).contains(said.prefix(20)))
        }
    }

    @Test func `a long host in a title keeps its end`() {
        let host = String(repeating: "github.com.", count: 20) + "evil.example"
        let title = Wording.title(.release(host: host))
        #expect(title.hasSuffix("evil.example"))
        #expect(title.count < 120)
    }

    @Test func `details carry the cleaned fields, the first twenty entries and how many there are`() {
        let uuids = (1...30).map { "E\($0)" }
        var request = ApprovalRequest.release(.named("git", 42, origin: "o\nx"), entries: uuids)
        request.client = "fire\u{200B}fox"
        request.alwaysOffered = true
        let pending = PendingRequest(
            code: "7F2A",
            request: request,
            created: 100,
            deadline: 220,
            limits: Limits()
        )
        #expect(pending.client == "firefox")
        #expect(pending.caller.origin == "ox")
        #expect(pending.caller.processes == ["git (42)", "zsh (50)"])
        #expect(pending.caller.pid == 42)
        #expect(pending.entries.count == 20)
        #expect(pending.entryCount == 30)
        #expect(pending.alwaysOffered)
    }
}
