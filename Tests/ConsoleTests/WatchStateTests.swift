// SPDX-License-Identifier: Apache-2.0

import DBus
import Testing

@testable import Console

/// The state of `keybell watch`, and a clock that only the test moves.
struct WatchScene {
    var board = WatchState()
    var now = ContinuousClock.now

    mutating func take(_ event: WatchState.Event) -> [WatchState.Action] {
        board.take(event, at: now)
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
            case .print, .show, .echo: false
            default: true
            }
        }
    }
}

extension [WatchState.Action] {
    /// What is printed.
    var texts: [String] {
        compactMap { if case .print(let text) = $0 { text } else { nil } }
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
        var scene = WatchScene()
        #expect(scene.take(.added(request("AAAA"))).deeds == [.shown(code: "AAAA")])
        #expect(scene.take(.added(request("BBBB"))).deeds.isEmpty)
        #expect(scene.take(.removed(code: "AAAA", outcome: "expired")).deeds == [.shown(code: "BBBB")])
    }

    @Test func `what could not be confirmed is said, and can be allowed again`() {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA")))
        _ = scene.press("a")
        #expect(scene.press("a").deeds.count == 1)
        let trouble = ["confirm-trouble": Value.string("Install a pinentry.")]
        let told = scene.take(.added(request("AAAA", more: trouble)))
        #expect(told.texts.first?.contains("Install a pinentry.") == true)
        // Where the answer itself was refused, that has said it.
        #expect(scene.take(.added(request("AAAA", more: trouble))).isEmpty)
        _ = scene.press("a")
        #expect(scene.press("a").deeds.count == 1)
    }

    @Test func `a request that is told twice is shown once`() {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA")))
        #expect(scene.take(.added(request("AAAA"))).isEmpty)
    }

    @Test(arguments: [(Character("d"), AnswerChoices()), (Character("m"), AnswerChoices(muteSeconds: 600))])
    func `a key denies the request that is shown`(key: Character, choices: AnswerChoices) {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA")))
        _ = scene.take(.added(request("BBBB")))
        #expect(scene.press(key).deeds == [.answer(code: "AAAA", decision: "deny", choices)])
        #expect(scene.press(key).deeds.isEmpty, "it has been answered")
    }

    @Test(arguments: [
        (Character("a"), AnswerChoices()), (Character("s"), AnswerChoices(scope: "session")),
        (Character("y"), AnswerChoices(scope: "always")),
    ])
    func `an allow of any scope wants its key, or Enter, once more`(key: Character, choices: AnswerChoices) {
        for again in [key, "\r"] {
            var scene = WatchScene()
            _ = scene.take(.added(request("AAAA")))
            #expect(scene.press(key).deeds.isEmpty)
            #expect(scene.press(again).deeds == [.answer(code: "AAAA", decision: "allow", choices)])
        }
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA")))
        #expect(scene.press(key).deeds.isEmpty)
        #expect(scene.press("x").deeds.isEmpty, "any other key takes it back")
        #expect(scene.press("\r").deeds.isEmpty)
    }

    @Test(arguments: ["a\r", "aa", "aaaa", "y\ry\r", "git status -s | tail\n", "safari\r", "s\rs\r"])
    func `what is pasted or typed fast answers nothing, and takes a first press back`(text: String) {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA")))
        #expect(scene.type(text).deeds.isEmpty)
        _ = scene.press("a")
        #expect(scene.type(text).deeds.isEmpty)
        #expect(scene.press("\r").deeds.isEmpty)
    }

    @Test func `a key pressed while a request has just appeared isn't counted`() {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA")))
        scene.now += .milliseconds(699)
        #expect(scene.pressNow("d").deeds.isEmpty)
        scene.now += .milliseconds(1)
        #expect(scene.pressNow("d").deeds.count == 1)
    }

    @Test func `a second press that came before the first was understood doesn't confirm it`() {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA")))
        scene.now += .seconds(2)
        let pressed = scene.now
        scene.now += KeyReader.gap
        _ = scene.take(.key(.alone(UInt8(ascii: "a"), at: pressed)))
        #expect(scene.take(.key(.alone(UInt8(ascii: "a"), at: pressed))).deeds.isEmpty)
    }

    @Test func `the time starts anew for the request that follows`() {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA")))
        _ = scene.take(.added(request("BBBB")))
        scene.now += .seconds(5)
        _ = scene.take(.removed(code: "AAAA", outcome: "withdrawn"))
        #expect(scene.pressNow("d").deeds.isEmpty)
    }

    @Test func `a first press doesn't count for the request that follows`() {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA")))
        _ = scene.take(.added(request("BBBB")))
        _ = scene.press("a")
        _ = scene.take(.removed(code: "AAAA", outcome: "withdrawn"))
        #expect(scene.press("\r").deeds.isEmpty)
        #expect(scene.press("a").deeds.isEmpty)
    }

    @Test(arguments: [
        request("AAAA", bulk: true), request("AAAA", kind: "unlock"), request("AAAA", kind: "associate"),
    ])
    func `what can't be remembered has no such keys`(request: RequestDetails) {
        var scene = WatchScene()
        _ = scene.take(.added(request))
        #expect(scene.press("s").isEmpty)
        #expect(scene.press("y").isEmpty)
        #expect(!WatchKeys(request, others: 0).line.contains("always"))
    }

    @Test func `another name for a client is typed`() {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA", kind: "associate")))
        _ = scene.press("i")
        for key in "wodx" { #expect(scene.press(key).deeds.isEmpty) }
        #expect(scene.type("\u{7F}\u{7F}rkü\u{7F}").last == .echo("Name: work"))
        #expect(
            scene.type("\r").texts == [
                "AAAA  firefox asks\nAllow under the name “work”? Press Enter: yes; any other key: no."
            ]
        )
        #expect(
            scene.press("\r").deeds == [
                .answer(code: "AAAA", decision: "allow", AnswerChoices(id: "work"))
            ]
        )
    }

    @Test func `one press of Enter ends a name, and doesn't allow it at once`() {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA", kind: "associate")))
        _ = scene.press("i")
        _ = scene.type("work")
        #expect(scene.press("\r").deeds.isEmpty, "it came as a byte and alone: one press")
        #expect(scene.press("x").texts == ["Not yet: it goes on waiting."])
    }

    @Test func `an empty name, or Esc, answers nothing`() {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA", kind: "associate")))
        _ = scene.press("i")
        #expect(scene.press("\r").texts == ["No other name."])
        _ = scene.press("i")
        _ = scene.press("x")
        #expect(scene.press("\u{1B}").texts == ["No other name."])
        #expect(scene.press("d").deeds == [.answer(code: "AAAA", decision: "deny", AnswerChoices())])
    }

    @Test func `a name that is being typed is not taken for the next request`() {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA", kind: "associate")))
        _ = scene.take(.added(request("BBBB", kind: "associate")))
        _ = scene.press("i")
        _ = scene.press("s")
        let shown = scene.take(.removed(code: "AAAA", outcome: "expired"))
        #expect(shown.texts.last?.contains("Enter or Esc") == true)
        for key in "afas" { #expect(scene.press(key).deeds.isEmpty, "still the name") }
        #expect(scene.type("ri\r").deeds.isEmpty)
        #expect(scene.press("d").deeds == [.answer(code: "BBBB", decision: "deny", AnswerChoices())])
    }

    @Test func `a name for a request that is gone is swallowed when the next comes only later`() {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA", kind: "associate")))
        _ = scene.press("i")
        _ = scene.take(.removed(code: "AAAA", outcome: "expired"))
        _ = scene.take(.added(request("BBBB")))
        #expect(scene.press("d").deeds.isEmpty)
        _ = scene.press("\u{1B}")
        #expect(scene.press("d").deeds.count == 1)
    }

    @Test func `a name stays in sight when something else is printed`() {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA", kind: "associate")))
        _ = scene.press("i")
        _ = scene.type("wo")
        #expect(scene.take(.added(request("BBBB"))) == [.echo("Name: wo")])
    }

    @Test func `others that come take one line, and an allow says again what it is for`() {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA")))
        #expect(scene.take(.added(request("BBBB"))) == [.echo("(1 more)")])
        #expect(scene.take(.added(request("CCCC"))) == [.echo("(2 more)")])
        #expect(scene.press("a").texts.first?.hasPrefix("AAAA  firefox asks\nAllow once?") == true)
    }

    @Test func `n goes on to the next and comes round`() {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA")))
        _ = scene.take(.added(request("BBBB")))
        #expect(scene.press("n").deeds == [.shown(code: "BBBB")])
        #expect(scene.press("n").deeds == [.shown(code: "AAAA")])
    }

    @Test func `an answer that wasn't taken can be given again`() {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA")))
        _ = scene.press("a")
        _ = scene.press("a")
        #expect(scene.take(.refused(code: "AAAA", reason: "no")) == [.print("AAAA: no")])
        #expect(scene.press("d").deeds == [.answer(code: "AAAA", decision: "deny", AnswerChoices())])
    }

    @Test func `that an answer isn't kept is said once, wherever it was given and however it is told`() {
        let news = [
            WatchState.Event.refused(code: "AAAA", reason: "It is not kept."),
            .notKept(code: "AAAA", reason: "It is not kept."),
        ]
        for events in [[news[1]], news, news.reversed()] {
            var scene = WatchScene()
            _ = scene.take(.added(request("AAAA")))
            _ = scene.take(.removed(code: "AAAA", outcome: "allowed"))
            #expect(events.flatMap { scene.take($0) } == [.print("AAAA: It is not kept.")])
        }
        // What can happen again is said again.
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA")))
        for _ in 0..<2 {
            #expect(scene.take(.refused(code: "AAAA", reason: "no")) == [.print("AAAA: no")])
        }
    }

    @Test func `a daemon that goes takes its requests along`() {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA")))
        _ = scene.take(.daemon(isThere: false))
        #expect(scene.press("a").isEmpty)
        _ = scene.take(.daemon(isThere: true))
        #expect(scene.take(.added(request("AAAA"))).deeds == [.shown(code: "AAAA")])
    }

    @Test func `logins are chosen one by one, and once more together`() {
        var scene = WatchScene()
        _ = scene.take(.added(threeLogins("AAAA")))
        #expect(
            scene.press("e").texts == ["1/3  “GitHub” (“octocat”)  [y] with it  [n] without  [Esc] go back"]
        )
        #expect(scene.press("y").texts.first?.hasPrefix("2/3  “GitLab” (“tanuki”)") == true)
        #expect(scene.press("n").texts.first?.hasPrefix("3/3  (no title)") == true)
        #expect(
            scene.press("y").texts == [
                "AAAA  firefox asks\n"
                    + "Allow 2 logins: “GitHub” (“octocat”), (no title)? [y] or Enter: yes  [any other key] no"
            ]
        )
        #expect(
            scene.press("y").deeds == [
                .answer(code: "AAAA", decision: "allow", AnswerChoices(entries: ["AA", "CC"]))
            ]
        )
    }

    @Test func `the last step of a choice takes Enter`() {
        var scene = WatchScene()
        _ = scene.take(.added(threeLogins("AAAA")))
        for key in "eynn" { _ = scene.press(key) }
        #expect(
            scene.press("\r").deeds == [
                .answer(code: "AAAA", decision: "allow", AnswerChoices(entries: ["AA"]))
            ]
        )
    }

    /// What asks for one more key.
    static let confirmations = ["a", "eynn"]

    @Test(arguments: confirmations)
    func `an allow that waits for one more key lapses, and what waits stands there again`(keys: String) {
        var scene = WatchScene()
        let request = threeLogins("AAAA")
        _ = scene.take(.added(request))
        #expect(scene.board.due == nil)
        for key in keys { _ = scene.press(key) }
        let due = scene.board.due
        #expect(due == scene.now + .seconds(10))
        scene.now += .milliseconds(9999)
        #expect(scene.take(.time).isEmpty)
        scene.now += .milliseconds(1)
        let shown: [WatchState.Action] = [
            .print("Not yet: it goes on waiting."), .show(request, keys: WatchKeys(request, others: 0)),
        ]
        #expect(scene.take(.time) == shown)
        #expect(scene.board.due == nil)
        #expect(scene.press("\r").isEmpty)
    }

    @Test func `a key that comes when an allow has lapsed allows nothing, told of the time or not`() {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA")))
        _ = scene.press("a")
        scene.now += .seconds(10)
        #expect(scene.press("a").deeds.isEmpty)
    }

    @Test(arguments: confirmations)
    func `an arrow key is another key than the one that says yes`(keys: String) {
        var scene = WatchScene()
        _ = scene.take(.added(threeLogins("AAAA")))
        for key in keys { _ = scene.press(key) }
        scene.now += .seconds(1)
        #expect(scene.take(.key(.sequence(at: scene.now))).texts == ["Not yet: it goes on waiting."])
        #expect(scene.take(.key(.sequence(at: scene.now))).isEmpty)
        #expect(scene.press("d").deeds == [.answer(code: "AAAA", decision: "deny", AnswerChoices())])
    }

    @Test func `what is pasted into a name isn't taken, and that is said`() {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA", kind: "associate")))
        _ = scene.press("i")
        _ = scene.type("wo")
        scene.now += .seconds(1)
        #expect(
            scene.take(.key(.paste(at: scene.now))) == [
                .print("What is pasted doesn't count here: type the name."), .echo("Name: wo"),
            ]
        )
    }

    @Test(arguments: ["\u{1B}", "yy\u{1B}", "yyyx", "nnn"])
    func `a choice that is given up, or of none, allows nothing`(keys: String) {
        var scene = WatchScene()
        _ = scene.take(.added(threeLogins("AAAA")))
        _ = scene.press("e")
        for key in keys { #expect(scene.press(key).deeds.isEmpty) }
        #expect(scene.press("d").deeds == [.answer(code: "AAAA", decision: "deny", AnswerChoices())])
    }

    @Test func `where there is one login, or none to hand out, there is nothing to choose`() {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA")))
        #expect(scene.press("e").isEmpty)
        #expect(!WatchKeys(request("AAAA"), others: 0).line.contains("[e]"))
        #expect(WatchKeys(threeLogins("AAAA"), others: 0).line.contains("[e]"))
    }

    @Test(arguments: [Character("\u{3}"), "\u{4}", "q"])
    func `the quitting keys quit, with and without a request`(key: Character) {
        var scene = WatchScene()
        #expect(scene.press(key).first == .quit)
        _ = scene.take(.added(request("AAAA")))
        #expect(scene.press(key).first == .quit)
    }
}
