// SPDX-License-Identifier: Apache-2.0

import Callers
import DisplayText
import Testing

@testable import Approval
@testable import Notifier

/// What is said where not everything has room, and where letters are higher than others.
@Suite struct CrampedQuestionTests {
    static func caller(_ path: String, isReplaceable: Bool = true) -> Caller {
        let record = ProcessRecord(
            identity: ProcessIdentity(pid: 42, startTime: 1),
            executable: path,
            userWritable: isReplaceable
        )
        return Caller(
            uid: 1000,
            holders: [record.identity],
            processes: [record],
            origin: "chrome-extension://jgnfghanfbjmimbdmnjfofnbcgpkbegj"
        )
    }

    static func release(_ caller: Caller) -> ApprovalRequest {
        ApprovalRequest(
            kind: .release,
            caller: caller,
            questionDigest: [1],
            client: "chromium",
            host: "github.com",
            entries: [
                EntryLine(uuid: "A", title: "GitHub", username: "octocat"),
                EntryLine(uuid: "B", title: "GitHub of the company", username: "o.cat@company.example"),
            ],
            alwaysOffered: true
        )
    }

    /// With everything about it that should make one think twice.
    static func alarming(_ path: String) -> ApprovalRequest {
        var request = release(caller(path))
        (request.submitHost, request.isPlainHTTP) = ("evil.example.net", true)
        request.givenTo = KeyOwner(
            program: "/opt/browser/chromium",
            origin: "chrome-extension://jgnfghanfbjmimbdmnjfofnbcgpkbegj"
        )
        return request
    }

    private static func server(_ product: String) -> NotificationServer {
        NotificationServer(peer: ":1.5", product: product, capabilities: ["actions", "body"])
    }

    private func note(_ request: ApprovalRequest, on product: String) -> NotifyCall {
        let pending = PendingRequest(
            code: "7F2A",
            request: request,
            created: 0,
            deadline: 120,
            limits: ApprovalLimits()
        )
        let keys = Dictionary(uniqueKeysWithValues: Press.allCases.map { ($0, "\($0)") })
        return NotifyCall(asking: pending, on: Self.server(product), attempt: 0, keys: keys)
    }

    private func words(_ note: NotifyCall) -> String {
        let text = "\(note.title)\n\(note.body)".filter {
            !["\u{200E}", "\u{2068}", "\u{2069}"].contains($0)
        }
        return text.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
    }

    // MARK: Tall letters

    static let tall = ["မြန်မာဘဏ်", "日本語の銀行", "🦊🏦", "فایر فاکس", "བོད་ཡིག", "ไทยแลนด์"]

    @Test(arguments: ["gnome-shell", "cinnamon"], tall)
    func `below a tall line there is as much room as Pango wants there`(product: String, name: String) {
        var search = Self.alarming("/usr/bin/chromium")
        (search.bulk, search.search, search.entries) = (true, "\(name) and \(name)", [])
        var associate = ApprovalRequest(
            kind: .associate,
            caller: Self.caller("/tmp/\(name)/chromium"),
            questionDigest: [1],
            suggestedID: name
        )
        associate.isNameTaken = true
        for request in [Self.alarming("/tmp/demo/\(name)"), search, associate] {
            let note = note(request, on: product)
            let lines = note.body.split(separator: "\n").map(String.init)
            let heights = lines.map(\.heightInLines)
            let text = lines.filter { $0 != "\u{A0}" }
            guard heights.contains(where: { $0 > 1 }) else {
                #expect(note.body.contains("…"), "\(note)")
                continue
            }
            #expect(text.map(\.heightInLines).reduce(0, +) <= 6, "\(note)")
            for index in text.indices {
                #expect(text[index].width(in: .proportional) <= 54, "\(note)")
                // A tall line may be as high as said, and all others as low as usual.
                let below = lines.count - 1 - index
                #expect(index == text.count - 1 || below >= heights[index], "\(note)")
            }
        }
    }

    @Test(arguments: ["gnome-shell", "cinnamon", "mako"], tall)
    func `a tall name pushes no warning out of sight`(product: String, name: String) {
        let note = note(Self.alarming("/tmp/demo/\(name)"), on: product)
        let text = words(note)
        #expect(text.contains("ith passwords."), "\(text)")
        #expect(text.contains("7F2A") && text.contains("github.com"), "\(text)")
        #expect(text.contains("key belongs to") || text.contains("key is another's"), "\(text)")
        let isCounted = text.contains("keybell watch")
        #expect(
            isCounted
                || ["evil.example.net", "Plain http", "replace"].allSatisfy { text.contains($0) },
            "\(text)"
        )
        // What is cut for its width is the beginning of a path.
        let hasName = text.contains(name.suffix(1))
        #expect(note.buttons.map(\.label).contains("Always") == (!isCounted && hasName), "\(text)")
    }

    /// Higher than those of any usual script.
    static let veryTall = ["བོད་ཡིག་གི་ཕྱོགས", "\u{FDFD}\u{FDFD}", "\u{1242B}\u{1242B}", "ខ្មែរ བོད"]

    @Test(arguments: ["gnome-shell", "cinnamon"], veryTall)
    func `a very tall name has all warnings named, and then nothing can be allowed for good`(
        product: String,
        name: String
    ) {
        let note = note(Self.alarming("/tmp/demo/\(name)"), on: product)
        let text = words(note)
        for part in ["key belongs to", "evil.example.net", "Plain http.", "replace", "github.com", "7F2A"] {
            #expect(text.contains(part), "\(text)")
        }
        #expect(!text.contains("keybell watch"), "\(text)")
        #expect(note.buttons.map(\.label) == ["Deny", "Allow"], "\(text)")
    }

    @Test(arguments: ["mako", "gnome-shell", "cinnamon"], ["بنك.شبكة", "བོད.ཡིག", "ไทย.ไทย"])
    func `a host is never shortened for its tall letters`(product: String, host: String) {
        let labels = PlainText.host(host, as: .aLabels)
        for isAlarming in [false, true] {
            var request =
                isAlarming
                ? Self.alarming("/tmp/demo/browser")
                : Self.release(Self.caller("/usr/bin/chromium", isReplaceable: false))
            request.host = labels
            let note = note(request, on: product)
            let text = words(note)
            #expect(text.contains(host) || text.contains(labels), "\(text)")
            #expect(!text.contains("…."), "\(text)")
            #expect(text.contains("ith passwords.") || text.contains("and passwords."), "\(text)")
            let isCounted = text.contains("keybell watch")
            #expect(note.buttons.map(\.label).contains("Always") == !isCounted, "\(text)")
        }
    }

    @Test(arguments: ["بنك.شبكة", "བོད.ཡིག"])
    func `on mako the A-labels of a tall host leave room for a warning, and then it can be allowed`(
        host: String
    ) {
        var request = Self.release(Self.caller("/usr/bin/chromium", isReplaceable: false))
        (request.host, request.isPlainHTTP) = (PlainText.host(host, as: .aLabels), true)
        let note = note(request, on: "mako")
        let text = words(note)
        #expect(PlainText.host(host) == host)
        for part in [PlainText.host(host, as: .aLabels), "Plain http", "With passwords."] {
            #expect(text.contains(part), "\(text)")
        }
        #expect(note.buttons.map(\.label) == ["Deny", "Allow", "Always"], "\(text)")
    }

    @Test func `what loses letters can't be allowed for good`() {
        let text = QuestionText(title: "“日本” asks for your login at xn--a.example", lines: ["Plain http."])
        #expect(!text.withoutTallLetters.hasAllWarnings)
        #expect(text.withoutTallLetters.title == "“…” asks for your login at xn--a.example")
        let low = QuestionText(title: "firefox asks", lines: ["Plain http."])
        #expect(low.withoutTallLetters == low)
    }

    @Test(arguments: tall)
    func `on mako a tall search says whether passwords go out`(name: String) {
        var request = Self.release(Self.caller("/usr/bin/chromium", isReplaceable: false))
        (request.bulk, request.isPattern, request.entries) = (true, true, [])
        request.search = "^(\(name)|.*)$ and some more"
        let text = words(note(request, on: "mako"))
        #expect(text.contains("All that match, with passwords."), "\(text)")
    }

    @Test func `the next line is guessed from the last one`() {
        let (line, tall) = (["a"], ["日"])
        #expect(HeightLimit.draws([line, line, line], in: 3))
        #expect(!HeightLimit.draws([line, line, line], in: 2))
        // Another paragraph has to find as much room as the tall one took.
        #expect(HeightLimit.draws([tall, line], in: 4))
        #expect(!HeightLimit.draws([tall, line], in: 3))
        // A further line but the last, twice that.
        #expect(HeightLimit.draws([["日", "a", "a"]], in: 6))
        #expect(!HeightLimit.draws([["日", "a", "a"]], in: 5))
        #expect(HeightLimit.own.padding(below: ["日", "a"]) == 1)
        #expect(HeightLimit.own.padding(below: ["a", "日"]) == 0)
        #expect(HeightLimit.fixed.padding(below: ["日", "a"]) == 0)
    }

    @Test(arguments: ["gnome-shell", "Plasma", "Notification Daemon", "mako"])
    func `a name from right to left doesn't turn the question`(product: String) {
        let request = Self.release(Self.caller("/tmp/פיירפוקס דפדפן"))
        let note = note(request, on: product)
        let leading = note.title.contains("asks for") ? note.title : note.body
        for line in leading.split(separator: "\n") { #expect(line.hasPrefix("\u{200E}"), "\(line)") }
        #expect(leading.contains("\u{2068}"), "\(leading)")
        #expect(leading.count { $0 == "\u{2068}" } == leading.count { $0 == "\u{2069}" })
    }

    // MARK: Room

    @Test func `on GNOME a program in one's home costs neither the extension nor what an allow means`() {
        let request = ApprovalRequest(
            kind: .associate,
            caller: Self.caller("/home/somebody/firefox/firefox"),
            questionDigest: [1],
            suggestedID: "firefox"
        )
        let text = words(note(request, on: "gnome-shell"))
        for part in [
            "/home/somebody/firefox/firefox", "could have replaced", "extension KeePassHelper", "“firefox”",
            "If you allow it",
        ] { #expect(text.contains(part), "\(text)") }
    }

    @Test func `on mako the extension is named in fewer words rather than not at all`() {
        let request = ApprovalRequest(
            kind: .associate,
            caller: Self.caller("/usr/bin/chromium", isReplaceable: false),
            questionDigest: [1],
            suggestedID: "chromium"
        )
        #expect(words(note(request, on: "mako")).contains("KeePassHelper"))
    }

    @Test(arguments: ["gnome-shell", "Plasma", "lxqt-notificationd"])
    func `one login is named rather than none`(product: String) {
        var request = Self.release(Self.caller("/home/somebody/firefox/firefox"))
        request.hasOtherVaults = true
        request.vaults = ["main"]
        let text = words(note(request, on: product))
        #expect(text.contains("“GitHub”"), "\(text)")
    }

    @Test(arguments: [
        "gnome-shell", "Plasma", "Xfce Notify Daemon", "lxqt-notificationd", "Notification Daemon", "mako",
    ])
    func `no lesser line takes the place of a weightier one`(product: String) {
        var request = Self.release(Self.caller("/usr/bin/chromium", isReplaceable: false))
        (request.bulk, request.isPattern, request.entries) = (true, true, [])
        request.search = "^(octocat@example.com|.*)$"
        request.places = [
            "titles", "user-names", "urls", "passwords", "notes", "other-fields", "tags", "groups", "history",
        ]
        request.vaults = ["main", "keyring"]
        let text = words(note(request, on: product))
        #expect(text.contains("It looks at passwords") || !text.contains("Vaults:"), "\(text)")
    }

    @Test func `the end of a search is shown where there is room`() {
        var request = Self.release(Self.caller("/usr/bin/chromium", isReplaceable: false))
        (request.bulk, request.isPattern, request.entries) = (true, true, [])
        request.search = "^(octocat@example.com and nothing else at all|.*)$"
        for product in ["Xfce Notify Daemon", "Notification Daemon", "Plasma", "dunst", "gnome-shell"] {
            let text = words(note(request, on: product))
            #expect(text.contains("“^(octocat"), "\(text)")
            #expect(text.contains("|.*)$”"), "\(text)")
        }
    }

    // MARK: Warnings

    @Test func `on GNOME four warnings are all named, and then it can be allowed`() {
        let note = note(Self.alarming("/tmp/my browser (beta) 🦊"), on: "gnome-shell")
        let text = words(note)
        for part in ["key belongs to", "evil.example.net", "Plain http.", "could have replaced"] {
            #expect(text.contains(part), "\(text)")
        }
        #expect(note.buttons.map(\.label) == ["Deny", "Allow", "Always"])
    }

    @Test func `where warnings are just counted one is named, and nothing can be allowed for good`() {
        for path in ["/usr/bin/chromium", "/tmp/浏览器🦊", "/home/somebody/a-long-folder-name/browser"] {
            let note = note(Self.alarming(path), on: "mako")
            let text = words(note)
            #expect(
                text.contains("more: keybell watch.") || text.contains("more warnings: see keybell watch."),
                "\(text)"
            )
            #expect(text.contains("key"), "\(text)")
            #expect(note.buttons.map(\.label) == ["Deny", "Allow"])
        }
    }
}
