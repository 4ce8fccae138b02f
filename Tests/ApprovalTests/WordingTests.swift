// SPDX-License-Identifier: Apache-2.0

import Callers
import DisplayText
import TestSupport
import Testing

@testable import Approval

@Suite struct WordingTests {
    /// Texts of others, by which a question might be made to say something else.
    private static let hostile = [
        "all good. Keybell: allow this\nLogin “x”", "“”\"'", "x\u{202E}y\u{2028}z", "", " ",
        String(repeating: "W", count: 5000), String(repeating: "字", count: 300), "a\u{301}\u{301}\u{301}",
        "Mind me.", "<b>&amp;",
    ]

    @Test func `a name keeps its capital letter within a sentence`() {
        #expect(Wording.title(.associate(.named("A program"))).contains("A program"))
    }

    @Test func `whatever others write, it stays in quotes, in five lines, warnings first`() {
        var random = SeededGenerator(seed: 8)
        func text() -> String { Self.hostile.randomElement(using: &random) ?? "" }
        func some() -> String? { Bool.random(using: &random) ? text() : nil }
        func flag() -> Bool { Bool.random(using: &random) }
        for _ in 0..<3000 {
            var request = ApprovalRequest.save()
            request.kind = ApprovalKind.allCases.randomElement(using: &random) ?? .release
            request.entries = (0..<Int.random(in: 0...12, using: &random)).map {
                EntryLine(uuid: "\($0)", title: text(), username: text())
            }
            (request.client, request.clientName, request.suggestedID) = (some(), some(), some())
            (request.claimedHost, request.claimedSubmitHost, request.claimedTitle) = (some(), some(), some())
            (request.search, request.fields, request.fieldNames) = (
                some(), [text(), text()], [text(), "otp"]
            )
            (request.verified, request.isNew, request.bulk) = (flag(), flag(), flag())
            (request.isPattern, request.passwords, request.isPlainHTTP) = (flag(), flag(), flag())
            (request.hasOtherVaults, request.hasUnknownFields) = (flag(), flag())
            request.exception = flag() ? .unasked : flag() ? .looser : nil
            request.settingsFields = flag() ? [text(), text()] : []
            request.newHosts = flag() ? ["evil.example", "gist.github.com"] : []
            request.givenTo = flag() ? KeyOwner(program: "/tmp/" + text(), origin: some()) : nil
            request.replaced = flag() ? KeyOwner(program: text(), origin: some(), created: 1) : nil
            let record = ProcessRecord(
                identity: ProcessIdentity(9),
                executable: "/tmp/" + text(),
                script: some(),
                userWritable: flag(),
                isFoundAtPath: flag()
            )
            request.caller = Caller(
                uid: 1000,
                holders: [record.identity],
                processes: [record],
                sandbox: flag() ? .unknown : nil,
                origin: some(),
                userAgent: some()
            )
            let lines = Wording.body(request).split(
                separator: "\n",
                omittingEmptySubsequences: false
            ).map(String.init)
            #expect(lines.count <= BodyLines.most)
            let warnings = Wording.warnings(request).map(\.text)
            #expect(lines.joined(separator: " ").hasPrefix(warnings.joined(separator: " ")))
            let shown = Wording.lines(request, ApprovalLimits())
            let brief = (shown.cores(way: nil, .shorter) + shown.cores(way: nil, .brief)).flatMap(\.self)
            for line in lines + brief + [Wording.title(request), Wording.title(request, in: .brief)] {
                let unquoted = line.replacing(/“[^”]*”/, with: "")
                for word in ["good", "WW", "字", "Mind me", "<", "“", "”", "\""] {
                    #expect(!unquoted.contains(word), "\(line)")
                }
                #expect(line.unicodeScalars.allSatisfy { !PlainText.isHidden($0) }, "\(line)")
            }
        }
    }

    @Test(arguments: [
        ("chrome-extension://dafgdjggglmmknipkhngniifhplpcldb", "KeePassHttp-Connector"),
        ("chrome-extension://ompiailgknfdndiefoaoiligalphfdae/", "chromeIPass"),
        ("chrome-extension://bfmglfdehkodoiinbclgoppembjfgjkj", "KeePassHelper"),
        ("chrome-extension://dphoaaiomekdhacmfoblfblmncpnbahm", "ChromeKeePass"),
    ])
    func `an extension that Chromium knows by one id has a name`(origin: String, name: String) {
        #expect(ClaimedOrigin(origin) == .knownExtension(name))
    }

    @Test(arguments: [
        "moz-extension://dafgdjggglmmknipkhngniifhplpcldb", "chrome-extension://x",
        "safari-web-extension://1",
    ])
    func `any other is only an extension`(origin: String) {
        #expect(ClaimedOrigin(origin) == .otherExtension)
    }

    @Test func `a page that is let in says so`() {
        let body = Wording.body(.release(.named("firefox", origin: "https://intranet.example")))
        #expect(body.hasSuffix("It says that it is the page “https://intranet.example”."))
    }

    @Test func `a sandboxed program goes by its sandbox's id`() {
        let caller = Caller(
            uid: 1000,
            holders: [ProcessIdentity(9)],
            processes: [.named("firefox", 9)],
            sandbox: Sandbox(flatpak: "org.mozilla.firefox")
        )
        #expect(Wording.title(.associate(caller)).hasPrefix("Let org.mozilla.firefox ask "))
    }

    @Test func `who asks and under which key is in the details, not in the body`() {
        var request = ApprovalRequest.overwrite(.named("git", 42, origin: "x", userAgent: "Mozilla/5.0"))
        request.fingerprint = "3F:A2"
        let body = Wording.body(request)
        for detail in ["3F:A2", "42", "zsh", "/usr/bin/git", "Mozilla"] { #expect(!body.contains(detail)) }
    }

    @Test func `hosts of another site are all named, before those of the same one, which are counted`() {
        var request = ApprovalRequest.save()
        let own = (0..<7).map { "h\($0).github.com" }
        let others = (0..<9).map { "evil\($0).example" }
        request.newHosts = own + others
        let lines = Wording.body(request).split(separator: "\n")
        for host in others { #expect(lines[0].contains(host)) }
        #expect(lines[0].hasPrefix("Will also be offered at other sites: evil0.example, "))
        #expect(lines.last?.hasSuffix("h4.github.com and 2 more.") == true)
        let pending = PendingRequest(
            code: "7F2A",
            request: request,
            created: 1,
            deadline: 2,
            limits: ApprovalLimits()
        )
        #expect(pending.newHosts == others + own)
        request.host = "192.0.2.1"
        request.newHosts = ["192.0.2.2", "192.0.2.1:8080"]
        #expect(Wording.body(request).hasPrefix("Will also be offered at another site: 192.0.2.2.\n"))
    }

    @Test func `nothing is warned of where all stays on this machine`() {
        var request = ApprovalRequest.release()
        request.host = "localhost:8080"
        request.isPlainHTTP = true
        #expect(Wording.warnings(request).isEmpty)
        request.submitHost = "evil.example"
        #expect(
            Wording.warnings(request).map(\.text) == [
                "The form goes to another site: evil.example.",
                "Plain http: others on the network can read it.",
            ]
        )
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
            limits: ApprovalLimits()
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
