// SPDX-License-Identifier: Apache-2.0

import Approval
import DBus
import Testing

@testable import Console

/// The state of `keybell watch`, and a clock that only the test moves.
struct WatchFixture {
    var state = WatchState()
    var now = ContinuousClock.now

    mutating func take(_ event: WatchState.Event) -> [WatchState.Action] {
        state.take(event, at: now)
    }

    /// Presses a key alone, after the time that a person takes to read.
    mutating func press(_ key: Character) -> [WatchState.Action] {
        now += .seconds(2)
        return pressNow(key)
    }

    /// Presses a key alone, at once.
    mutating func pressNow(_ key: Character) -> [WatchState.Action] {
        let byte = key.asciiValue ?? 0
        let pressed = now
        let typed = take(.key(.byte(byte)))
        now += KeyReader.gap
        return typed + take(.key(.alone(byte, at: pressed)))
    }

    /// Types a text, too fast for any of its keys to be one pressed alone.
    mutating func type(_ text: String) -> [WatchState.Action] {
        now += .seconds(2)
        let typed = text.utf8.flatMap { take(.key(.byte($0))) }
        let end = now
        now += KeyReader.gap
        return typed + take(.key(.burst(at: end)))
    }
}

extension [WatchState.Action] {
    /// What is done beside printing.
    var deeds: [WatchState.Action] {
        filter {
            switch $0 {
            case .print, .ask, .show, .echo: false
            default: true
            }
        }
    }
}

extension [WatchState.Action] {
    /// What is printed.
    var texts: [String] {
        compactMap { action in
            switch action {
            case .print(let text): text
            case .ask(let texts): texts.first
            default: nil
            }
        }
    }
}

private func threeLogins(_ code: String) -> RequestDetails {
    let lines = [("AA", "GitHub", "octocat"), ("BB", "GitLab", "tanuki"), ("CC", "", "")].map {
        Value.structure([.string($0), .string($1), .string($2)])
    }
    return request(code, more: ["entries": .array("(sss)", lines), "entry-count": .uint32(3)])
}

struct WatchStateTests {
    @Test func `the first request is shown and confirmed, later ones wait`() {
        var fixture = WatchFixture()
        #expect(fixture.take(.added(request("AAAA"))).deeds == [.shown(code: "AAAA")])
        #expect(fixture.take(.added(request("BBBB"))).deeds.isEmpty)
        #expect(fixture.take(.removed(code: "AAAA", outcome: "expired")).deeds == [.shown(code: "BBBB")])
    }

    @Test func `what could not be confirmed is said, and can be allowed again`() {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA")))
        _ = fixture.press("a")
        #expect(fixture.press("a").deeds.count == 1)
        let trouble = ["confirm-trouble": Value.string("Install a pinentry.")]
        let told = fixture.take(.added(request("AAAA", more: trouble)))
        #expect(told.texts.first?.contains("Install a pinentry.") == true)
        // Where the answer itself was refused, that has said it.
        #expect(fixture.take(.added(request("AAAA", more: trouble))).isEmpty)
        _ = fixture.press("a")
        #expect(fixture.press("a").deeds.count == 1)
    }

    /// A request whose allow is confirmed in pinentry's window.
    private static func confirmed(_ code: String, trouble: String? = nil) -> RequestDetails {
        var more: [String: Value] = ["confirm-with": .string("pinentry")]
        more["confirm-trouble"] = trouble.map { .string($0) }
        return request(code, more: more)
    }

    @Test func `a request that was not confirmed is asked about again, also where its turn was given up`() {
        for isGivenUp in [false, true] {
            var fixture = WatchFixture()
            _ = fixture.take(.added(Self.confirmed("AAAA")))
            _ = fixture.press("a")
            #expect(fixture.press("a").deeds.count == 1)
            if isGivenUp { #expect(fixture.press("n").isEmpty) }
            let told = fixture.take(.added(Self.confirmed("AAAA", trouble: "It was closed.")))
            #expect(told.deeds == [.shown(code: "AAAA")])
            #expect(
                told.contains { if case .show(let shown, _, _) = $0 { shown.code == "AAAA" } else { false } }
            )
            _ = fixture.press("a")
            #expect(fixture.press("a").deeds.count == 1)
        }
    }

    @Test func `what waits for pinentry keeps no other request from being shown`() {
        var fixture = WatchFixture()
        _ = fixture.take(.added(Self.confirmed("AAAA")))
        _ = fixture.take(.added(Self.confirmed("BBBB")))
        _ = fixture.press("a")
        let allowed = fixture.press("a").deeds
        #expect(
            allowed == [
                .answer(code: "AAAA", decision: "allow", AnswerChoices()), .shown(code: "BBBB"),
            ]
        )
        _ = fixture.press("a")
        _ = fixture.press("a")
        #expect(fixture.take(.added(request("CCCC"))).deeds == [.shown(code: "CCCC")])
        // Another one is being asked about: this one has its turn after that.
        let told = fixture.take(.added(Self.confirmed("AAAA", trouble: "It was closed.")))
        #expect(told.deeds.isEmpty && told.texts.count == 1)
        #expect(fixture.press("n").deeds == [.shown(code: "AAAA")])
    }

    @Test func `a request is shown while the answer to another one is on its way`() {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA")))
        #expect(fixture.press("d").deeds.count == 1)
        #expect(fixture.press("a").isEmpty, "it has been answered")
        #expect(fixture.take(.added(request("BBBB"))).deeds == [.shown(code: "BBBB")])
    }

    @Test func `an answer that is refused has its request asked about again`() {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA")))
        #expect(fixture.press("d").deeds.count == 1)
        #expect(fixture.take(.refused(code: "AAAA", reason: "Busy.")).deeds == [.shown(code: "AAAA")])
        #expect(fixture.press("d").deeds.count == 1)
    }

    @Test func `it is said where the daemon doesn't count it among its agents any more`() {
        var fixture = WatchFixture()
        #expect(
            fixture.take(.unregistered(reason: "There are 16.")).texts.first?.hasSuffix("There are 16.")
                == true
        )
    }

    @Test func `a request that is told twice is shown once`() {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA")))
        #expect(fixture.take(.added(request("AAAA"))).isEmpty)
    }

    @Test(arguments: [(Character("d"), AnswerChoices()), (Character("m"), AnswerChoices(muteSeconds: 600))])
    func `a key denies the request that is shown`(key: Character, choices: AnswerChoices) {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA")))
        _ = fixture.take(.added(request("BBBB")))
        #expect(fixture.press(key).deeds == [.answer(code: "AAAA", decision: "deny", choices)])
        #expect(fixture.press(key).deeds.isEmpty, "it has been answered")
    }

    @Test(arguments: [
        (Character("a"), AnswerChoices()), (Character("s"), AnswerChoices(scope: .session)),
        (Character("y"), AnswerChoices(scope: .always)),
    ])
    func `an allow of any scope wants its key, or Enter, once more`(key: Character, choices: AnswerChoices) {
        for again in [key, "\r"] {
            var fixture = WatchFixture()
            _ = fixture.take(.added(request("AAAA")))
            #expect(fixture.press(key).deeds.isEmpty)
            #expect(fixture.press(again).deeds == [.answer(code: "AAAA", decision: "allow", choices)])
        }
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA")))
        #expect(fixture.press(key).deeds.isEmpty)
        #expect(fixture.press("x").deeds.isEmpty, "any other key takes it back")
        #expect(fixture.press("\r").deeds.isEmpty)
    }

    @Test(arguments: ["a\r", "aa", "aaaa", "y\ry\r", "git status -s | tail\n", "safari\r", "s\rs\r"])
    func `what is pasted or typed fast answers nothing, and takes a first press back`(text: String) {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA")))
        #expect(fixture.type(text).deeds.isEmpty)
        _ = fixture.press("a")
        #expect(fixture.type(text).deeds.isEmpty)
        #expect(fixture.press("\r").deeds.isEmpty)
    }

    @Test(arguments: [
        ("associate", "Allow?"), ("overwrite", "Allow?"), ("unlock", "Allow?"), ("release", "Allow once?"),
        ("save", "Allow once?"),
    ])
    func `only what is for once is called that`(kind: String, question: String) {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA", more: ["kind": .string(kind)])))
        #expect(fixture.press("a").texts.first?.contains("\n\(question) Press a again") == true)
    }

    @Test(arguments: Array("aos"))
    func `nothing is allowed before all its warnings have been on the screen`(key: Character) {
        var fixture = WatchFixture()
        let waiting = request("AAAA", more: ["bulk": .boolean(key == "o")])
        _ = fixture.take(.added(waiting))
        #expect(fixture.take(.drawn(code: "AAAA", isRead: false)).isEmpty)
        for part in 1...2 {
            let next = WatchState.Action.show(waiting, keys: KeyLegend(waiting, others: 0), part: part)
            #expect(fixture.press(key).last == next)
            _ = fixture.take(.drawn(code: "AAAA", isRead: part == 2))
        }
        #expect(fixture.press(key).texts.first?.contains("Press \(key) again") == true)
        #expect(fixture.press("\r").deeds.count == 1)
        _ = fixture.take(.added(request("BBBB")))
        _ = fixture.take(.drawn(code: "AAAA", isRead: false))
        _ = fixture.take(.removed(code: "AAAA", outcome: "allowed"))
        #expect(fixture.press("a").texts.first?.contains("Press a again") == true)
    }

    @Test func `a question mark shows the next part of the request`() {
        var fixture = WatchFixture()
        let waiting = request("AAAA")
        _ = fixture.take(.added(waiting))
        for part in 1...3 {
            #expect(fixture.press("?") == [.show(waiting, keys: KeyLegend(waiting, others: 0), part: part)])
        }
    }

    @Test func `a window that is resized shows the request anew, and an allow must be asked for anew`() {
        var fixture = WatchFixture()
        #expect(fixture.take(.resized).isEmpty)
        let waiting = request("AAAA")
        let shown = WatchState.Action.show(waiting, keys: KeyLegend(waiting, others: 0))
        _ = fixture.take(.added(waiting))
        _ = fixture.press("?")
        #expect(fixture.take(.resized) == [shown])
        _ = fixture.press("a")
        #expect(fixture.take(.resized).last == shown)
        #expect(fixture.press("\r").deeds.isEmpty)
        _ = fixture.press("a")
        #expect(fixture.press("\r").deeds.count == 1)
        #expect(fixture.take(.resized).isEmpty, "it is answered")
    }

    @Test func `a key pressed while a request has just appeared isn't counted`() {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA")))
        fixture.now += .milliseconds(699)
        #expect(fixture.pressNow("d").deeds.isEmpty)
        fixture.now += .milliseconds(1)
        #expect(fixture.pressNow("d").deeds.count == 1)
    }

    @Test func `a second press that came before the first was understood doesn't confirm it`() {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA")))
        fixture.now += .seconds(2)
        let pressed = fixture.now
        fixture.now += KeyReader.gap
        _ = fixture.take(.key(.alone(UInt8(ascii: "a"), at: pressed)))
        #expect(fixture.take(.key(.alone(UInt8(ascii: "a"), at: pressed))).deeds.isEmpty)
    }

    @Test func `the time starts anew for the request that follows`() {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA")))
        _ = fixture.take(.added(request("BBBB")))
        fixture.now += .seconds(5)
        _ = fixture.take(.removed(code: "AAAA", outcome: "withdrawn"))
        #expect(fixture.pressNow("d").deeds.isEmpty)
    }

    @Test func `a first press doesn't count for the request that follows`() {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA")))
        _ = fixture.take(.added(request("BBBB")))
        _ = fixture.press("a")
        _ = fixture.take(.removed(code: "AAAA", outcome: "withdrawn"))
        #expect(fixture.press("\r").deeds.isEmpty)
        #expect(fixture.press("a").deeds.isEmpty)
    }

    @Test(arguments: [
        request("AAAA", bulk: true), request("AAAA", kind: "unlock"), request("AAAA", kind: "associate"),
    ])
    func `what can't be remembered has no such keys`(request: RequestDetails) {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request))
        #expect(fixture.press("s").isEmpty)
        #expect(fixture.press("y").isEmpty)
        #expect(!KeyLegend(request, others: 0).line.contains("always"))
    }

    @Test func `another name for a client is typed`() {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA", kind: "associate")))
        _ = fixture.press("i")
        for key in "wodx" { #expect(fixture.press(key).deeds.isEmpty) }
        #expect(fixture.type("\u{7F}\u{7F}rkü\u{7F}").last == .echo("Name: work"))
        #expect(
            fixture.type("\r").texts == [
                "AAAA  firefox asks\n"
                    + "Allow under the name “work”? Press Enter within 10 seconds: yes; any other key: no."
            ]
        )
        #expect(
            fixture.press("\r").deeds == [
                .answer(code: "AAAA", decision: "allow", AnswerChoices(id: "work"))
            ]
        )
    }

    @Test(arguments: ["associate", "overwrite"])
    func `a client is let in to see one vault`(kind: String) {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA", kind: kind)))
        #expect(fixture.press("v").last == .echo("Vault: "))
        _ = fixture.type("work")
        #expect(fixture.type("\r").texts.first?.contains("Allow to see the vault “work” alone?") == true)
        let choices = AnswerChoices(part: ClientPart(vaults: ["work"]))
        #expect(fixture.press("\r").deeds == [.answer(code: "AAAA", decision: "allow", choices)])
        #expect(choices.value.vardict == ["vaults": .strings(["work"])])
    }

    @Test func `what lets no client in is for no vault`() {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA", kind: "release")))
        #expect(fixture.press("v").isEmpty)
    }

    @Test func `one press of Enter ends a name, and doesn't allow it at once`() {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA", kind: "associate")))
        _ = fixture.press("i")
        _ = fixture.type("work")
        #expect(fixture.press("\r").deeds.isEmpty, "it came as a byte and alone: one press")
        #expect(fixture.press("x").texts == ["Not yet: it goes on waiting."])
    }

    @Test func `an empty name, or Esc, answers nothing`() {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA", kind: "associate")))
        _ = fixture.press("i")
        #expect(fixture.press("\r").texts == ["No other name."])
        _ = fixture.press("i")
        _ = fixture.press("x")
        #expect(fixture.press("\u{1B}").texts == ["No other name."])
        #expect(fixture.press("d").deeds == [.answer(code: "AAAA", decision: "deny", AnswerChoices())])
    }

    @Test func `a name that is being typed is not taken for the next request`() {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA", kind: "associate")))
        _ = fixture.take(.added(request("BBBB", kind: "associate")))
        _ = fixture.press("i")
        _ = fixture.press("s")
        let shown = fixture.take(.removed(code: "AAAA", outcome: "expired"))
        #expect(shown.texts.last?.contains("Enter or Esc") == true)
        for key in "afas" { #expect(fixture.press(key).deeds.isEmpty, "still the name") }
        #expect(fixture.type("ri\r").deeds.isEmpty)
        #expect(fixture.press("d").deeds == [.answer(code: "BBBB", decision: "deny", AnswerChoices())])
    }

    @Test func `a name for a request that is gone is swallowed when the next comes only later`() {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA", kind: "associate")))
        _ = fixture.press("i")
        _ = fixture.take(.removed(code: "AAAA", outcome: "expired"))
        _ = fixture.take(.added(request("BBBB")))
        #expect(fixture.press("d").deeds.isEmpty)
        _ = fixture.press("\u{1B}")
        #expect(fixture.press("d").deeds.count == 1)
    }

    @Test func `a name stays in sight when something else is printed`() {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA", kind: "associate")))
        _ = fixture.press("i")
        _ = fixture.type("wo")
        #expect(fixture.take(.added(request("BBBB"))) == [.echo("Name: wo")])
    }

    @Test func `others that come take one line, and an allow says again what it is for`() {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA")))
        #expect(fixture.take(.added(request("BBBB"))) == [.echo("(1 more)")])
        #expect(fixture.take(.added(request("CCCC"))) == [.echo("(2 more)")])
        #expect(fixture.press("a").texts.first?.hasPrefix("AAAA  firefox asks\nAllow once?") == true)
    }

    @Test func `n goes on to the next and comes round`() {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA")))
        _ = fixture.take(.added(request("BBBB")))
        #expect(fixture.press("n").deeds == [.shown(code: "BBBB")])
        #expect(fixture.press("n").deeds == [.shown(code: "AAAA")])
    }

    @Test func `an answer that wasn't taken can be given again`() {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA")))
        _ = fixture.press("a")
        _ = fixture.press("a")
        #expect(fixture.take(.refused(code: "AAAA", reason: "no")).texts == ["AAAA: no"])
        #expect(fixture.press("d").deeds == [.answer(code: "AAAA", decision: "deny", AnswerChoices())])
    }

    @Test func `that an answer isn't kept is said once, wherever it was given and however it is told`() {
        let news = [
            WatchState.Event.refused(code: "AAAA", reason: "It is not kept."),
            .notKept(code: "AAAA", reason: "It is not kept."),
        ]
        for events in [[news[1]], news, news.reversed()] {
            var fixture = WatchFixture()
            _ = fixture.take(.added(request("AAAA")))
            _ = fixture.take(.removed(code: "AAAA", outcome: "allowed"))
            #expect(events.flatMap { fixture.take($0) } == [.print("AAAA: It is not kept.")])
        }
        // What can happen again is said again.
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA")))
        for _ in 0..<2 {
            #expect(fixture.take(.refused(code: "AAAA", reason: "no")) == [.print("AAAA: no")])
        }
    }

    @Test func `a daemon that goes takes its requests along`() {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA")))
        _ = fixture.take(.daemon(isThere: false))
        #expect(fixture.press("a").isEmpty)
        _ = fixture.take(.daemon(isThere: true))
        #expect(fixture.take(.added(request("AAAA"))).deeds == [.shown(code: "AAAA")])
    }

    @Test func `logins are chosen one by one, and once more together`() {
        var fixture = WatchFixture()
        _ = fixture.take(.added(threeLogins("AAAA")))
        #expect(
            fixture.press("e").texts == ["1/3  “GitHub” (“octocat”)  [y] with it  [n] without  [Esc] go back"]
        )
        #expect(fixture.press("y").texts.first?.hasPrefix("2/3  “GitLab” (“tanuki”)") == true)
        #expect(fixture.press("n").texts.first?.hasPrefix("3/3  (no title)") == true)
        #expect(
            fixture.press("y").texts == [
                "AAAA  firefox asks\n"
                    + "Allow 2 logins: “GitHub” (“octocat”), (no title)? [y] or Enter: yes  [any other key] no"
            ]
        )
        #expect(
            fixture.press("y").deeds == [
                .answer(code: "AAAA", decision: "allow", AnswerChoices(entries: ["AA", "CC"]))
            ]
        )
    }

    @Test func `the last step of a choice takes Enter`() {
        var fixture = WatchFixture()
        _ = fixture.take(.added(threeLogins("AAAA")))
        for key in "eynn" { _ = fixture.press(key) }
        #expect(
            fixture.press("\r").deeds == [
                .answer(code: "AAAA", decision: "allow", AnswerChoices(entries: ["AA"]))
            ]
        )
    }

    /// What asks for one more key.
    static let confirmations = ["a", "eynn"]

    @Test(arguments: confirmations)
    func `an allow that waits for one more key lapses, and what waits stands there again`(keys: String) {
        var fixture = WatchFixture()
        let request = threeLogins("AAAA")
        _ = fixture.take(.added(request))
        #expect(fixture.state.due == nil)
        for key in keys { _ = fixture.press(key) }
        let due = fixture.state.due
        #expect(due == fixture.now + .seconds(10))
        fixture.now += .milliseconds(9999)
        #expect(fixture.take(.time).isEmpty)
        fixture.now += .milliseconds(1)
        let shown: [WatchState.Action] = [
            .print("10 seconds have gone by. Not yet: it goes on waiting."),
            .show(request, keys: KeyLegend(request, others: 0)),
        ]
        #expect(fixture.take(.time) == shown)
        #expect(fixture.state.due == nil)
        #expect(fixture.press("\r").isEmpty)
    }

    @Test func `a name whose Enter came too late, too fast or in another window is still there`() {
        for event in [WatchState.Event.time, .resized, .key(.burst(at: .now + .seconds(60)))] {
            var fixture = WatchFixture()
            _ = fixture.take(.added(request("AAAA", kind: "associate")))
            _ = fixture.press("i")
            _ = fixture.type("work\r")
            fixture.now += .seconds(10)
            #expect(fixture.take(event).last == .echo("Name: work"), "\(event)")
            #expect(fixture.type("\r").texts.last?.contains("under the name “work”?") == true)
            #expect(
                fixture.press("\r").deeds == [
                    .answer(code: "AAAA", decision: "allow", AnswerChoices(id: "work"))
                ]
            )
        }
    }

    @Test func `with Caps Lock on the keys mean the same`() {
        for (keys, decision) in [("AA", "allow"), ("aA", "allow"), ("D", "deny"), ("M", "deny")] {
            var fixture = WatchFixture()
            _ = fixture.take(.added(request("AAAA")))
            let deeds = keys.flatMap { fixture.press($0).deeds }
            guard case .answer("AAAA", decision, _)? = deeds.first else {
                Issue.record("\(keys): \(deeds)")
                continue
            }
        }
        var fixture = WatchFixture()
        _ = fixture.take(.added(threeLogins("AAAA")))
        for key in "EYNN" { _ = fixture.press(key) }
        #expect(
            fixture.press("Y").deeds == [
                .answer(code: "AAAA", decision: "allow", AnswerChoices(entries: ["AA"]))
            ]
        )
    }

    @Test func `all of a long search is there to be read`() {
        let search = String(repeating: "octocat|", count: 20) + ".*"
        let title = "firefox searches your logins for “octocat|octocat…”"
        let long = request("AAAA", more: ["title": .string(title), "search": .string(search)])
        #expect(long.wholeSearch == ["It searches for “\(search)”"])
        let short = request(
            "AAAA",
            more: ["title": .string("git searches for “.*”"), "search": .string(".*")]
        )
        #expect(short.wholeSearch.isEmpty)
        #expect(request("AAAA").wholeSearch.isEmpty)
    }

    @Test func `a key that comes when an allow has lapsed allows nothing, told of the time or not`() {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA")))
        _ = fixture.press("a")
        fixture.now += .seconds(10)
        #expect(fixture.press("a").deeds.isEmpty)
    }

    @Test(arguments: confirmations)
    func `an arrow key is another key than the one that says yes`(keys: String) {
        var fixture = WatchFixture()
        _ = fixture.take(.added(threeLogins("AAAA")))
        for key in keys { _ = fixture.press(key) }
        fixture.now += .seconds(1)
        #expect(fixture.take(.key(.sequence(at: fixture.now))).texts == ["Not yet: it goes on waiting."])
        #expect(fixture.take(.key(.sequence(at: fixture.now))).isEmpty)
        #expect(fixture.press("d").deeds == [.answer(code: "AAAA", decision: "deny", AnswerChoices())])
    }

    @Test func `what is pasted into a name isn't taken, and that is said`() {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA", kind: "associate")))
        _ = fixture.press("i")
        _ = fixture.type("wo")
        fixture.now += .seconds(1)
        #expect(
            fixture.take(.key(.paste(at: fixture.now))) == [
                .print("What is pasted doesn't count here: type the name."), .echo("Name: wo"),
            ]
        )
    }

    @Test(arguments: ["\u{1B}", "yy\u{1B}", "yyyx", "nnn"])
    func `a choice that is given up, or of none, allows nothing`(keys: String) {
        var fixture = WatchFixture()
        _ = fixture.take(.added(threeLogins("AAAA")))
        _ = fixture.press("e")
        for key in keys { #expect(fixture.press(key).deeds.isEmpty) }
        #expect(fixture.press("d").deeds == [.answer(code: "AAAA", decision: "deny", AnswerChoices())])
    }

    @Test func `where there is one login, or none to hand out, there is nothing to choose`() {
        var fixture = WatchFixture()
        _ = fixture.take(.added(request("AAAA")))
        #expect(fixture.press("e").isEmpty)
        #expect(!KeyLegend(request("AAAA"), others: 0).line.contains("[e]"))
        #expect(KeyLegend(threeLogins("AAAA"), others: 0).line.contains("[e]"))
    }

    @Test(arguments: [Character("\u{3}"), "\u{4}", "q"])
    func `the quitting keys quit, with and without a request`(key: Character) {
        var fixture = WatchFixture()
        #expect(fixture.press(key).first == .quit)
        _ = fixture.take(.added(request("AAAA")))
        #expect(fixture.press(key).first == .quit)
    }
}
