// SPDX-License-Identifier: Apache-2.0

import DBus
import Testing

@testable import Console

/// A board and a clock that goes only when told.
struct WatchScene {
    var board = WatchBoard()
    var now = ContinuousClock.now

    mutating func take(_ event: WatchBoard.Event) -> [WatchBoard.Action] {
        board.take(event, at: now, unixTime: 100)
    }

    /// Presses a key after the time that a person takes to read.
    mutating func press(_ key: Character) -> [WatchBoard.Action] {
        now += .seconds(2)
        return take(.key(key.asciiValue ?? 0))
    }
}

extension [WatchBoard.Action] {
    /// What is done beside printing.
    var deeds: [WatchBoard.Action] {
        filter { if case .print = $0 { false } else { true } }
    }
}

extension [WatchBoard.Action] {
    /// What is printed.
    var texts: [String] {
        compactMap { if case .print(let text, _) = $0 { text } else { nil } }
    }
}

private func threeLogins(_ code: String) -> RequestDetails {
    let lines = [("AA", "GitHub", "octocat"), ("BB", "GitLab", "tanuki"), ("CC", "", "")].map {
        Value.structure([.string($0), .string($1), .string($2)])
    }
    return request(code, more: ["entries": .array("(sss)", lines), "entry-count": .uint32(3)])
}

struct WatchBoardTests {
    @Test func `the first request is shown and confirmed, later ones wait`() {
        var scene = WatchScene()
        #expect(scene.take(.added(request("AAAA"))).deeds == [.shown(code: "AAAA")])
        #expect(scene.take(.added(request("BBBB"))).deeds.isEmpty)
        #expect(scene.take(.removed(code: "AAAA", outcome: "expired")).deeds == [.shown(code: "BBBB")])
    }

    @Test func `a request that is told twice is shown once`() {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA")))
        #expect(scene.take(.added(request("AAAA"))).isEmpty)
    }

    @Test(arguments: [
        (Character("a"), "allow", AnswerChoices()), ("s", "allow", AnswerChoices(scope: "session")),
        ("d", "deny", AnswerChoices()), ("m", "deny", AnswerChoices(muteSeconds: 600)),
    ])
    func `a key answers the request that is shown`(key: Character, decision: String, choices: AnswerChoices) {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA")))
        _ = scene.take(.added(request("BBBB")))
        #expect(scene.press(key).deeds == [.answer(code: "AAAA", decision: decision, choices)])
        #expect(scene.press(key).deeds.isEmpty, "it has been answered")
    }

    @Test func `a key pressed while a request has just appeared isn't counted`() {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA")))
        scene.now += .milliseconds(699)
        #expect(scene.take(.key(UInt8(ascii: "a"))).deeds.isEmpty)
        scene.now += .milliseconds(1)
        #expect(scene.take(.key(UInt8(ascii: "a"))).deeds.count == 1)
    }

    @Test func `the time starts anew for the request that follows`() {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA")))
        _ = scene.take(.added(request("BBBB")))
        scene.now += .seconds(5)
        _ = scene.take(.removed(code: "AAAA", outcome: "withdrawn"))
        #expect(scene.take(.key(UInt8(ascii: "a"))).deeds.isEmpty)
    }

    @Test func `always is asked once more`() {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA")))
        #expect(scene.press("y").deeds.isEmpty)
        #expect(scene.press("a").deeds.isEmpty, "any other key takes it back")
        _ = scene.press("y")
        #expect(
            scene.press("y").deeds == [
                .answer(code: "AAAA", decision: "allow", AnswerChoices(scope: "always"))
            ]
        )
    }

    @Test(arguments: [
        request("AAAA", bulk: true), request("AAAA", kind: "unlock"), request("AAAA", kind: "associate"),
    ])
    func `what can't be remembered has no such keys`(request: RequestDetails) {
        var scene = WatchScene()
        _ = scene.take(.added(request))
        #expect(scene.press("s").isEmpty)
        #expect(scene.press("y").isEmpty)
        #expect(!WatchBoard.help(request, others: 0).contains("always"))
    }

    @Test func `another name for a client is typed`() {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA", kind: "associate")))
        _ = scene.press("i")
        for key in "wodx" { #expect(scene.press(key).isEmpty) }
        for _ in 0..<2 { _ = scene.take(.key(127)) }
        for byte in "rkü\u{7F}\n".utf8 { if byte != 10 { _ = scene.take(.key(byte)) } }
        #expect(
            scene.take(.key(13)).deeds == [
                .answer(code: "AAAA", decision: "allow", AnswerChoices(id: "work"))
            ]
        )
    }

    @Test func `an empty name, or Esc, answers nothing`() {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA", kind: "associate")))
        _ = scene.press("i")
        #expect(scene.take(.key(13)).deeds.isEmpty)
        _ = scene.press("i")
        _ = scene.press("x")
        #expect(scene.take(.key(27)).deeds.isEmpty)
        #expect(scene.press("a").deeds == [.answer(code: "AAAA", decision: "allow", AnswerChoices())])
    }

    @Test func `a name that is being typed is not taken for the next request`() {
        var scene = WatchScene()
        _ = scene.take(.added(request("AAAA", kind: "associate")))
        _ = scene.take(.added(request("BBBB", kind: "associate")))
        _ = scene.press("i")
        _ = scene.press("x")
        _ = scene.take(.removed(code: "AAAA", outcome: "expired"))
        #expect(scene.take(.key(13)).deeds.isEmpty)
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
        #expect(scene.take(.refused(code: "AAAA", reason: "no")) == [.print("AAAA: no")])
        #expect(scene.press("d").deeds == [.answer(code: "AAAA", decision: "deny", AnswerChoices())])
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
        #expect(scene.press("e").texts == ["1/3  GitHub (octocat)  [y] with it  [n] without  [Esc] go back"])
        #expect(scene.press("y").texts.first?.hasPrefix("2/3  GitLab (tanuki)") == true)
        #expect(scene.press("n").texts.first?.hasPrefix("3/3  (no title)") == true)
        #expect(
            scene.press("y").texts == [
                "Allow 2 logins: GitHub (octocat), (no title)? [y] yes  [any other key] go back"
            ]
        )
        #expect(
            scene.press("y").deeds == [
                .answer(code: "AAAA", decision: "allow", AnswerChoices(entries: ["AA", "CC"]))
            ]
        )
    }

    @Test(arguments: ["\u{1B}", "yy\u{1B}", "yyyd", "nnn"])
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
        #expect(!WatchBoard.help(request("AAAA"), others: 0).contains("[e]"))
        #expect(WatchBoard.help(threeLogins("AAAA"), others: 0).contains("[e]"))
    }

    @Test(arguments: [UInt8(3), 4, UInt8(ascii: "q")])
    func `the quitting keys quit, with and without a request`(key: UInt8) {
        var scene = WatchScene()
        #expect(scene.take(.key(key)) == [.quit])
        _ = scene.take(.added(request("AAAA")))
        #expect(scene.take(.key(key)) == [.quit])
    }
}
