// SPDX-License-Identifier: Apache-2.0

import Callers
import DisplayText
import Linux
import Testing

@testable import Approval

/// A question's exact words: its title, then its lines.
private struct Words: Sendable, CustomTestStringConvertible {
    let name: String
    let title: String
    let lines: [String]
    let request: ApprovalRequest

    init(_ name: String, _ title: String, _ lines: [String], _ request: () -> ApprovalRequest) {
        (self.name, self.title, self.lines, self.request) = (name, title, lines, request())
    }

    var testDescription: String { name }
}

extension ApprovalRequest {
    fileprivate func with(_ change: (inout ApprovalRequest) -> Void) -> ApprovalRequest {
        var request = self
        change(&request)
        return request
    }

    fileprivate static func bulk(_ type: String, _ entries: [String] = ["AA", "BB"]) -> ApprovalRequest {
        release(entries: entries, bulk: true).with { $0.requestType = type }
    }

    fileprivate static func change(_ change: (inout ApprovalRequest) -> Void = { _ in }) -> ApprovalRequest {
        save().with {
            $0.isNew = false
            $0.entries = [EntryLine(uuid: "AA", title: "GitHub", username: "octocat")]
            $0.fields = ["Password", "Url", "PIN"]
            change(&$0)
        }
    }
}

/// Every kind and type of request, word by word.
@Suite struct WordingTableTests {
    private static let helper = "chrome-extension://jgnfghanfbjmimbdmnjfofnbcgpkbegj"

    private static let script: Caller = {
        let record = ProcessRecord.named("python3", 9, script: "/home/me/bin/backup")
        return Caller(uid: 1000, holders: [record.identity], processes: [record])
    }()

    /// `keybell client`, run in a job by a shell that has a script; typed by hand where the shell's job is another.
    private static func command(group: Int32) -> Caller {
        func record(_ name: String, _ pid: Int32, script: String? = nil, group: Int32) -> ProcessRecord {
            ProcessRecord(
                identity: ProcessIdentity(pid),
                executable: "/usr/bin/" + name,
                script: script,
                group: group
            )
        }
        return Caller(
            uid: 1000,
            holders: [ProcessIdentity(12)],
            processes: [
                record("keybell", 12, group: group), record("timeout", 10, group: 9),
                record("bash", 9, script: "/home/me/bin/check", group: 9),
                record("python3", 5, script: "/usr/bin/terminator", group: 5),
            ]
        )
    }

    private static let associates = [
        Words(
            "associate",
            "Let firefox ask Keybell for logins?",
            ["Keybell will call it “firefox”.", "If you allow it, it can ask for logins from now on."]
        ) { .associate() },
        Words(
            "associate of a known extension",
            "Let chromium ask Keybell for logins?",
            [
                "It says that it is the extension KeePassHelper.", "Keybell will call it “chromium”.",
                "If you allow it, it can ask for logins from now on.",
            ]
        ) { .associate(.named("chromium", origin: helper), suggesting: "chromium") },
        Words(
            "associate of an extension with a random id",
            "Let firefox ask Keybell for logins?",
            [
                "It says that it is a browser extension.", "Keybell will call it “firefox”.",
                "If you allow it, it can ask for logins from now on.",
            ]
        ) { .associate(.named("firefox", origin: "moz-extension://4ff2fb68", userAgent: "Mozilla/5.0")) },
        Words(
            "associate under a name that another client has",
            "Let chromium ask Keybell for logins?",
            [
                "Another client has the name “chromium”: you are asked about that next.",
                "If you allow it, it can ask for logins from now on.",
            ]
        ) {
            .associate(.named("chromium")).with { ($0.suggestedID, $0.isNameTaken) = ("chromium", true) }
        },
        Words(
            "associate under another name than the one that it was not given",
            "Let chromium ask Keybell for logins?",
            [
                "Keybell will call it “chromium-2”; “chromium” stays with the client that has it.",
                "If you allow it, it can ask for logins from now on.",
            ]
        ) {
            .associate(.named("chromium")).with {
                ($0.suggestedID, $0.deniedName) = ("chromium-2", "chromium")
            }
        },
        Words(
            "associate of nobody",
            "Let an unknown program ask Keybell for logins?",
            ["Keybell will call it “client”.", "If you allow it, it can ask for logins from now on."]
        ) { .associate(.nobody, suggesting: "client") },
        Words(
            "associate of a script",
            "Let python3 ask Keybell for logins?",
            [
                "It says that it runs “/home/me/bin/backup”.", "Keybell will call it “python3”.",
                "If you allow it, it can ask for logins from now on.",
            ]
        ) { .associate(script, suggesting: "python3") },
        Words(
            "associate of a script that brings a name",
            "Let python3 (“backup”) ask Keybell for logins?",
            [
                "It says that it runs “/home/me/bin/backup”.", "Keybell will call it “backup”.",
                "If you allow it, it can ask for logins from now on.",
            ]
        ) { .associate(script, suggesting: "backup") },
        Words(
            "associate of another client of a program that is restricted",
            "Let the command keybell (“mail check”) ask Keybell for logins?",
            [
                "It is restricted as “keybell”, seeing only group Work; a new client sees everything.",
                "Keybell will call it “mail check”.", "If you allow it, it can ask for logins from now on.",
            ]
        ) {
            .associate(command(group: 50), suggesting: "mail check").with {
                $0.restricted = RestrictedRelative(name: "keybell", part: "group Work", hasKey: false)
            }
        },
        Words(
            "associate of a key that is restricted",
            "Let the command keybell (“mail check”) ask Keybell for logins?",
            [
                "Its key is known as “keybell”, which sees only group Work, and stays restricted to that.",
                "Keybell will call it “mail check”.", "If you allow it, it can ask for logins from now on.",
            ]
        ) {
            .associate(command(group: 50), suggesting: "mail check").with {
                $0.restricted = RestrictedRelative(name: "keybell", part: "group Work", hasKey: true)
            }
        },
        Words(
            "associate by the command keybell",
            "Let the command keybell ask Keybell for logins?",
            ["Keybell will call it “keybell”.", "If you allow it, it can ask for logins from now on."]
        ) { .associate(command(group: 50), suggesting: "keybell") },
        Words(
            "associate by the command keybell in a script, under a name",
            "Let the command keybell (“mail check”) ask Keybell for logins?",
            [
                "It seems to be run by “/home/me/bin/check”.", "Keybell will call it “mail check”.",
                "If you allow it, it can ask for logins from now on.",
            ]
        ) { .associate(command(group: 9), suggesting: "mail check") },
        Words(
            "associate by git's helper",
            "Let the command git-credential-keybell ask Keybell for logins?",
            [
                "Keybell will call it “git-credential-keybell”.",
                "If you allow it, it can ask for logins from now on.",
            ]
        ) {
            .associate(.named("git-credential-keybell"), suggesting: "git-credential-keybell")
        },
        Words(
            "overwrite by the command keybell",
            "Let keybell take over the name “firefox”?",
            ["If you allow it, that one loses its access and everything it was allowed."]
        ) { .overwrite(command(group: 50)) },
        Words(
            "overwrite of one that the person has named",
            "Let chromium take over the name “firefox”?",
            [
                "That name belongs to “Work browser 🦊”, /usr/bin/firefox.",
                "If you allow it, that one loses its access and everything it was allowed.",
            ]
        ) {
            .overwrite(.named("chromium")).with {
                $0.replaced = KeyOwner(program: "/usr/bin/firefox", name: "Work browser 🦊")
            }
        },
        Words(
            "overwrite",
            "Let chromium take over the name “firefox”?",
            [
                "That name belongs to /usr/bin/firefox, since 2026-05-03, last used 2026-11-24.",
                "If you allow it, that one loses its access and everything it was allowed.",
            ]
        ) {
            .overwrite(.named("chromium")).with {
                // Noon, so that it is that day in most of the world.
                $0.replaced = KeyOwner(
                    program: "/usr/bin/firefox",
                    created: 1_777_809_600,
                    lastUsed: 1_795_521_600
                )
            }
        },
        Words(
            "overwrite of a client that is restricted",
            "Let chromium take over the name “firefox”?",
            [
                "That name belongs to /usr/bin/firefox.",
                "If you allow it, that one loses its access and everything it was allowed.",
                "As that one, it sees only group Work.",
            ]
        ) {
            .overwrite(.named("chromium")).with {
                $0.replaced = KeyOwner(program: "/usr/bin/firefox", part: "group Work")
            }
        },
        Words(
            "overwrite of an extension's key that was never used",
            "Let chromium take over the name “firefox”?",
            [
                "That name belongs to the extension KeePassHelper of /usr/bin/chrome, since 2026-05-03.",
                "If you allow it, that one loses its access and everything it was allowed.",
            ]
        ) {
            .overwrite(.named("chromium")).with {
                $0.replaced = KeyOwner(program: "/usr/bin/chrome", origin: helper, created: 1_777_809_600)
            }
        },
    ]

    private static let unlocks = [
        Words(
            "unlock for a page",
            "firefox asks to unlock the vault “Passwords”",
            ["It wants your login at github.com."]
        ) { .unlock().with { ($0.requestType, $0.wantedHost) = ("get-logins", "github.com") } },
        Words(
            "unlock of a vault that was never opened",
            "firefox asks to unlock the vault “Passwords”",
            [
                "You have let it in; to finish that, the vault has to be opened once.",
                "The vault has never been opened on this computer.",
            ]
        ) { .unlock().with { ($0.requestType, $0.isFirstOpening) = ("associate", true) } },
        Words(
            "unlock for all logins",
            "firefox asks to unlock the vault “Passwords”",
            ["It wants all your logins.", "You named it “Work”."]
        ) { .unlock().with { ($0.requestType, $0.clientName) = ("get-all-logins", "Work") } },
        Words(
            "unlock for a search",
            "firefox asks to unlock the vault “Passwords”",
            ["It wants to search your logins."]
        ) { .unlock().with { $0.requestType = "get-logins-custom-search" } },
        Words(
            "unlock for a save",
            "firefox asks to unlock the vault “Passwords”",
            ["It wants to save a login at github.com."]
        ) { .unlock().with { ($0.requestType, $0.wantedHost) = ("set-login", "github.com") } },
        Words(
            "unlock of the keyring",
            "firefox asks to unlock the keyring",
            [
                "The keyring is locked, so Keybell can't check yet who this is.",
                "It asks for no login yet.", "It says that its name in Keybell is “firefox”.",
            ]
        ) { .unlock(vault: nil).with { ($0.verified, $0.requestType) = (false, "test-associate") } },
    ]

    private static let releases = [
        Words(
            "release",
            "firefox asks for your login at github.com",
            ["Login “Entry AA” (“user-AA”)", "It gets user name and password."]
        ) { .release() },
        Words(
            "release of two, of several vaults, to a client with a name",
            "firefox asks for your 2 logins at github.com",
            [
                "Logins: “Entry AA” (“user-AA”), “Entry BB” (“user-BB”)",
                "It gets user names and passwords.", "Vault: Passwords", "You named it “Work”.",
            ]
        ) {
            .release(entries: ["AA", "BB"]).with { ($0.hasOtherVaults, $0.clientName) = (true, "Work") }
        },
        Words(
            "release of what other programs keep",
            "firefox asks for your 2 logins at github.com",
            [
                "Logins: “Git: https://github.com/” (“ann”, from git), “Web” (from GNOME Web)",
                "It gets user names and passwords.",
            ]
        ) {
            .release().with {
                $0.entries = [
                    EntryLine(uuid: "AA", title: "Git: https://github.com/", username: "ann", origin: "git"),
                    EntryLine(uuid: "BB", title: "Web", username: "", origin: "GNOME Web"),
                ]
            }
        },
        Words(
            "release with fields and the seed of one-time codes",
            "firefox asks for your login at github.com",
            [
                "Login “Entry AA” (“user-AA”)",
                "It gets user name, password, the secret of the one-time codes (“otp”) and the field “PIN”.",
            ]
        ) { .release().with { $0.fieldNames = ["PIN", "otp"] } },
        Words(
            "release by a form of the same site, of a known extension",
            "chromium asks for your login at github.com",
            [
                "Login “Entry AA” (“user-AA”)", "It gets user name and password.",
                "The form goes to login.github.com.", "It says that it is the extension KeePassHelper.",
            ]
        ) {
            .release(.named("chromium", origin: helper)).with { $0.submitHost = "login.github.com" }
        },
        Words(
            "release to an extension that the person has named",
            "firefox asks for your login at github.com",
            [
                "Login “Entry AA” (“user-AA”)", "It gets user name and password.",
                "It says that it is the extension that you call “Helper”.",
            ]
        ) {
            .release(.named("firefox", origin: "moz-extension://4ff2fb68")).with {
                $0.extensionName = "Helper"
            }
        },
        Words(
            "release for a title",
            "firefox asks for your login for “My bank”",
            ["Login “Entry AA” (“user-AA”)", "It gets user name and password."]
        ) { .release().with { ($0.host, $0.claimedTitle) = (nil, "My bank") } },
        Words(
            "release to somebody who has the key of another",
            "chromium asks for your login at github.com",
            [
                "Its key was given to somebody else: /usr/bin/firefox.", "Login “Entry AA” (“user-AA”)",
                "It gets user name and password.",
            ]
        ) {
            .release(.named("chromium")).with {
                $0.givenTo = KeyOwner(program: "/usr/bin/firefox", created: 1)
            }
        },
        Words(
            "release to somebody whose key came alone",
            "chromium asks for your login at github.com",
            [
                "Keybell doesn't know yet which program its key belongs to.",
                "Login “Entry AA” (“user-AA”)", "It gets user name and password.",
            ]
        ) { .release(.named("chromium")).with { $0.givenTo = KeyOwner(program: "", created: 1) } },
        Words(
            "get-all-logins",
            "firefox asks for all your logins",
            [
                "2 logins: “Entry AA” (“user-AA”), “Entry BB” (“user-BB”)",
                "It gets user names, but no passwords.",
            ]
        ) { .bulk("get-all-logins").with { $0.passwords = false } },
        Words(
            "get-logins-by-names",
            "firefox asks for your logins “Entry AA” and “Entry BB”",
            [
                "Logins: “Entry AA” (“user-AA”), “Entry BB” (“user-BB”)",
                "It gets user names and passwords.",
            ]
        ) { .bulk("get-logins-by-names") },
        Words(
            "get-logins-by-names of more than a title has room for",
            "firefox asks for 4 of your logins",
            [
                "Logins: “Entry AA” (“user-AA”), “Entry BB” (“user-BB”) and 2 more",
                "It gets user names and passwords.",
            ]
        ) { .bulk("get-logins-by-names", ["AA", "BB", "CC", "DD"]) },
        Words(
            "get-login-by-uuid",
            "firefox asks for your login “Entry AA”",
            ["Login “Entry AA” (“user-AA”)", "It gets user name and password."]
        ) { .bulk("get-login-by-uuid", ["AA"]) },
        Words(
            "release to a script's key",
            "keybell (“mail check”) asks for your login at github.com",
            [
                "Login “Entry AA” (“user-AA”)", "It gets user name and password.",
                "It seems to be run by “/home/me/bin/check”.",
            ]
        ) { .release(command(group: 9)).with { $0.client = "mail check" } },
        Words(
            "release to an interpreter without a script, which a grant would be for in general",
            "python3 asks for your login at github.com",
            [
                "Login “Entry AA” (“user-AA”)", "It gets user name and password.",
                "Always would be for anything that python3 runs without a script.",
            ]
        ) { .release(.named("python3")).with { ($0.client, $0.alwaysOffered) = ("python3", true) } },
        Words(
            "release to a script's key that the person has named",
            "python3 (“Backups”) asks for your login at github.com",
            [
                "Login “Entry AA” (“user-AA”)", "It gets user name and password.",
                "It says that it runs “/home/me/bin/backup”.", "You named it “Backups”.",
            ]
        ) { .release(script).with { ($0.client, $0.clientName) = ("backup", "Backups") } },
        Words(
            "a search",
            "firefox searches your logins for “mail”",
            [
                "Login “Entry AA” (“user-AA”)", "It gets user name and password.",
                "It looks at titles, user names and URLs.",
            ]
        ) {
            .bulk("get-logins-custom-search", ["AA"]).with {
                ($0.search, $0.places) = ("mail", ["titles", "user-names", "urls"])
            }
        },
        Words(
            "a search that asks before it looks",
            "firefox searches your logins by the regular expression “^ma”",
            [
                "It gets all that match: user names, passwords and string fields.",
                "It looks at passwords, other fields and titles.",
            ]
        ) {
            .bulk("get-logins-custom-search", []).with {
                ($0.search, $0.places) = ("^ma", ["titles", "passwords", "other-fields"])
                ($0.isPattern, $0.hasUnknownFields) = (true, true)
            }
        },
    ]

    private static let saves = [
        Words(
            "a one-time code by a counter",
            "firefox asks for a one-time code at github.com",
            ["Login “GitHub” (“octocat”)", "The code is used up, and its counter is saved."]
        ) { .change { ($0.usesCode, $0.fields) = (true, ["HmacOtp-Counter"]) } },
        Words(
            "a new login",
            "firefox wants to save a new login at github.com",
            ["New login “GitHub” (“octocat”)", "Sets title, user name, password and address."]
        ) {
            .save().with {
                $0.entries = [EntryLine(uuid: "", title: "GitHub", username: "octocat")]
                ($0.fields, $0.newHosts) = (["Name", "Login", "Password", "Url"], ["github.com"])
            }
        },
        Words(
            "a change",
            "firefox wants to change your login “GitHub” at github.com",
            ["Login “GitHub” (“octocat”)", "Changes password, address and “PIN”."]
        ) { .change() },
        Words(
            "a change for another host of the same site",
            "firefox wants to change your login “GitHub” at github.com",
            [
                "Login “GitHub” (“octocat”)", "Changes password, address and “PIN”.",
                "Will also be offered at gist.github.com.", "It says that the page is “login.github.com”.",
            ]
        ) {
            .change { ($0.newHosts, $0.claimedHost) = (["gist.github.com"], "login.github.com") }
        },
        Words(
            "a change that leaves its host for another of the same site",
            "firefox wants to change your login “GitHub” at github.com",
            [
                "Login “GitHub” (“octocat”)", "Changes password, address and “PIN”.",
                "The login moves from github.com to gist.github.com.",
            ]
        ) {
            .change { ($0.newHosts, $0.lostHosts) = (["gist.github.com"], ["github.com"]) }
        },
        Words(
            "a change that leaves its host for another site",
            "firefox wants to change your login “GitHub” at github.com",
            [
                "The login moves from github.com to another site: evil.example.",
                "Login “GitHub” (“octocat”)", "Changes password, address and “PIN”.",
            ]
        ) {
            .change { ($0.newHosts, $0.lostHosts) = (["evil.example"], ["github.com"]) }
        },
        Words(
            "a change that takes a further host away",
            "firefox wants to change your login “GitHub” at github.com",
            [
                "Will also be offered at another site: evil.example.",
                "Login “GitHub” (“octocat”)", "Changes password, address and “PIN”.",
                "Will no longer be offered at git.example.",
            ]
        ) {
            .change { ($0.newHosts, $0.lostHosts) = (["evil.example"], ["git.example"]) }
        },
        Words(
            "a change with everything that should make one think twice",
            "/usr/bin/firefox or chromium wants to change your login “GitHub” at github.com",
            [
                "Will also be offered at other sites: evil.example and bad.example.",
                "Its key was given to somebody else: the extension KeePassHelper of /usr/bin/chrome.",
                "It says that the page is on another site: “worse.example”. Plain http: others on the network can read it. Any program that you run could have replaced this one. They share a connection, so any of them may be asking.",
                "Login “GitHub” (“octocat”)", "Changes password, address and “PIN”.",
            ]
        ) {
            .change {
                $0.caller = Caller(
                    socket: SocketOwner(uid: 1000, inode: 7),
                    present: [
                        Holder(processes: [.named("firefox", 9, userWritable: true)]),
                        Holder(processes: [.named("chromium", 10)]),
                    ].compactMap(\.self)
                )
                $0.newHosts = ["gist.github.com", "evil.example", "bad.example"]
                $0.givenTo = KeyOwner(program: "/usr/bin/chrome", origin: helper)
                ($0.claimedHost, $0.isPlainHTTP) = ("worse.example", true)
            }
        },
    ]

    @Test(arguments: associates + unlocks + releases + saves)
    private func `each kind and type of request has its own words`(_ words: Words) {
        #expect(Wording.title(words.request) == words.title)
        #expect(Wording.body(words.request).split(separator: "\n").map(String.init) == words.lines)
    }

    @Test func `lines are short where what they name is`() {
        let words = Self.associates + Self.unlocks + Self.releases + Self.saves
        for words in words where !words.name.contains("everything") {
            for line in words.lines { #expect(line.width(in: .monospaced) <= 91, "\(line)") }
        }
        let uuids = (1...30).map { "E\($0)" }
        let line = Wording.body(.release(entries: uuids)).split(separator: "\n")[0]
        #expect(line == "Logins: “Entry E1” (“user-E1”), “Entry E2” (“user-E2”) and 28 more")
    }
}
