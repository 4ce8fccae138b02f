// SPDX-License-Identifier: Apache-2.0

import Approval
import DBus
import Foundation
import TestSupport
import Testing

@testable import Notifier

/// Whole desktops, which `make check-desktops` installs and runs: GNOME Shell and Plasma.
@Suite(
    .serialized,
    .timeLimit(.minutes(4)),
    .enabled(if: ProcessInfo.processInfo.environment["KEYBELL_CHECK_DESKTOPS"] != nil)
)
struct DesktopShellTests {
    /// An approval broker with the default times.
    private static func session(on bus: PrivateBus) async throws -> Session {
        try await Session(on: bus) {
            $0.limits.hasty = ApprovalLimits().hasty
            $0.limits.pause = ApprovalLimits().pause
        }
    }

    /// Takes a picture where `KEYBELL_PICTURES` names a folder.
    private static func picture(_ name: String, _ take: (String) async throws -> Void) async throws {
        guard let folder = ProcessInfo.processInfo.environment["KEYBELL_PICTURES"] else { return }
        try await take("\(folder)/\(name).png")
    }

    /// Clicks twice until one of two questions is answered; however often, never are both.
    ///
    /// - Returns: Whether the other still waits. On a machine so slow that the second click came after the guard
    ///   nothing
    ///   is proved.
    private static func doubleClick(
        _ gap: Int,
        on session: Session,
        _ click: () async throws -> Void
    ) async throws -> Bool {
        for _ in 0..<5 {
            // Longer than the guard, and until all stands still: a person reads.
            try await Task.sleep(for: .seconds(3))
            let start = ContinuousClock.now
            try await click()
            try await Task.sleep(for: .milliseconds(gap))
            try await click()
            let took = ContinuousClock.now - start
            try await Task.sleep(for: .seconds(2))
            let waiting = await session.approvals.pending().count
            guard waiting < 2 else { continue }
            #expect(waiting == 1 || took >= ApprovalLimits().hasty, "\(took)")
            return waiting == 1
        }
        throw TimedOut(description: "an effect of two clicks")
    }

    // MARK: GNOME Shell

    /// Whether a question about this host is drawn: in its title or, where that would be cut, in its text.
    private static func draws(_ host: String, _ shell: GnomeShellNotifier) async throws -> Bool {
        guard try await shell.drawn() != nil else { return false }
        return try await shell.drawnTexts().contains { $0.text.contains(host) }
    }

    @Test(arguments: [0, 300, 600, 900])
    func `on GNOME a double click on Allow never answers the question that comes next`(gap: Int) async throws
    {
        let bus = try await PrivateBus()
        let shell = try await GnomeShellNotifier(on: bus)
        let session = try await Self.session(on: bus)
        let first = session.ask(host: "alice.example")
        try await eventually("the first question") {
            try await Self.draws("alice.example", shell) ? () : nil
        }
        let second = session.ask(host: "bob.example")
        try await Self.picture("gnome-first", shell.picture)
        let allow = try #require(try await shell.place(of: "Allow"))
        guard try await Self.doubleClick(gap, on: session, { try await shell.click(allow) }) else { return }
        #expect(await first.value.isAllowed)
        try await eventually("the second question") {
            try await Self.draws("bob.example", shell) ? () : nil
        }
        try await Self.picture("gnome-second", shell.picture)
        #expect(await session.approvals.pending().map(\.host) == ["bob.example"])
        try await shell.press("Allow") { await session.approvals.pending().isEmpty }
        #expect(await second.value.isAllowed)
        try await shell.shows(0)
        try await session.end()
        try await shell.stop()
    }

    @Test func `on GNOME a question that stood behind another program's isn't allowed as it is drawn`()
        async throws
    {
        let bus = try await PrivateBus()
        let shell = try await GnomeShellNotifier(on: bus)
        let other = try await bus.connect()
        let answered = try await other.call(
            FakeServer.name,
            FakeServer.path,
            FakeServer.name,
            "Notify",
            [
                .string("Other"), .uint32(0), .string(""), .string("Battery low"), .string(""), .strings([]),
                .vardict(["urgency": .byte(2)]), .int32(0),
            ]
        )
        let id = try #require(answered.first)
        try await eventually("another program's notification") {
            try await shell.drawn() == "Battery low" ? () : nil
        }
        let session = try await Self.session(on: bus)
        let answer = session.ask(host: "alice.example")
        // Longer than any guard that began when the question was sent.
        try await Task.sleep(for: .seconds(8))
        #expect(try await shell.drawn() == "Battery low")
        _ = try await other.call(
            FakeServer.name,
            FakeServer.path,
            FakeServer.name,
            "CloseNotification",
            [id]
        )
        let allow = try await eventually("the question") {
            try await Self.draws("alice.example", shell) ? try await shell.place(of: "Allow") : nil
        }
        try await Task.sleep(for: .milliseconds(300))
        try await shell.click(allow)
        try await Task.sleep(for: .milliseconds(300))
        #expect(await session.approvals.pending().count == 1)
        try await shell.press("Allow") { await session.approvals.pending().isEmpty }
        #expect(await answer.value.isAllowed)
        try await session.end()
        try await shell.stop()
    }

    @Test func `on GNOME a question keeps its buttons when another program's notification goes`() async throws
    {
        let bus = try await PrivateBus()
        let shell = try await GnomeShellNotifier(on: bus)
        let other = try await bus.connect()
        let session = try await Self.session(on: bus)
        let answer = session.ask(host: "alice.example")
        try await eventually("the question") {
            try await Self.draws("alice.example", shell) ? () : nil
        }
        for number in 1...3 {
            let answered = try await other.call(
                FakeServer.name,
                FakeServer.path,
                FakeServer.name,
                "Notify",
                [
                    .string("Other"), .uint32(0), .string(""), .string("A song"), .string(""), .strings([]),
                    .vardict([:]), .int32(-1),
                ]
            )
            try await eventually("another program's notification") {
                try await shell.titles().contains("A song") ? () : nil
            }
            _ = try await other.call(
                FakeServer.name,
                FakeServer.path,
                FakeServer.name,
                "CloseNotification",
                [try #require(answered.first)]
            )
            // Until the server has been told of something, and that has gone.
            try await eventually("nudge \(number)") {
                let taken = try await shell.takenTitles().filter { $0 == NotifyCall.nudge.title }
                let left = try await shell.titles()
                return taken.count == number && left.count == 1 ? () : nil
            }
            #expect(try await Self.draws("alice.example", shell))
            for label in ["Allow", "Deny"] { #expect(try await shell.place(of: label) != nil) }
        }
        try await Self.picture("gnome-kept", shell.picture)
        #expect(try await shell.titles().count == 1)
        try await shell.press("Allow") { await session.approvals.pending().isEmpty }
        #expect(await answer.value.isAllowed)
        try await session.end()
        try await shell.stop()
    }

    @Test func `GNOME draws all of a question, its host and its warnings`() async throws {
        let bus = try await PrivateBus()
        let shell = try await GnomeShellNotifier(on: bus)
        let session = try await Self.session(on: bus)
        let answer = session.ask(host: "accounts.login.github.com", submitHost: "collector.evil.example")
        try await shell.shows(1)
        try await eventually("the question") { try await shell.drawn() == nil ? nil : () }
        try await Self.picture("gnome-warning", shell.picture)
        let texts = try await shell.drawnTexts()
        #expect(texts.filter(\.isCut).isEmpty)
        let all = texts.map(\.text).joined(separator: "\n")
        for part in ["accounts.login.github.com", "The form goes to another site: collector.evil.example."] {
            #expect(all.contains(part), "\(all)")
        }
        try await shell.press("Deny") { await session.approvals.pending().isEmpty }
        #expect(await answer.value == .denied(Choices()))
        try await session.end()
        try await shell.stop()
    }

    @Test(arguments: CrampedQuestionTests.tall + ["firefox"])
    func `GNOME draws all of a question, however tall its letters are`(name: String) async throws {
        let bus = try await PrivateBus()
        let shell = try await GnomeShellNotifier(on: bus)
        let session = try await Self.session(on: bus)
        var associate = ApprovalRequest(
            kind: .associate,
            caller: CrampedQuestionTests.caller("/tmp/demo/home/\(name)/firefox"),
            questionDigest: [2],
            suggestedID: name
        )
        associate.fingerprint = "3F:A2"
        let requests = [CrampedQuestionTests.alarming("/tmp/demo/\(name)"), associate]
        for (number, request) in requests.enumerated() {
            let answer = session.ask { $0 = request }
            try await shell.shows(1)
            try await eventually("the question") { try await shell.drawn() == nil ? nil : () }
            try await Self.picture("gnome-\(name)-\(number)", shell.picture)
            let texts = try await shell.drawnTexts()
            #expect(texts.filter(\.isCut).isEmpty, "\(texts)")
            try await shell.press("Deny") { await session.approvals.pending().isEmpty }
            #expect(await answer.value == .denied(Choices()))
        }
        try await session.end()
        try await shell.stop()
    }

    @Test func `on GNOME a click on the text takes it away, and it comes back when it is asked again`()
        async throws
    {
        let bus = try await PrivateBus()
        let shell = try await GnomeShellNotifier(on: bus)
        let session = try await Self.session(on: bus)
        let answer = session.ask()
        try await shell.shows(1)
        try await Task.sleep(for: .seconds(1))
        let allow = try #require(try await shell.place(of: "Allow"))
        try await shell.click(allow.moved(up: 60))
        try await shell.shows(0)
        #expect(await session.approvals.pending().count == 1)
        let again = session.ask()
        try await shell.shows(1)
        try await shell.press("Deny") { await session.approvals.pending().isEmpty }
        #expect(await answer.value == .denied(Choices()))
        #expect(await again.value == .denied(Choices()))
        try await session.end()
        try await shell.stop()
    }

    // MARK: Plasma

    @Test(arguments: [0, 300, 500])
    func `on Plasma a double click on Allow never answers the question that slides there`(gap: Int)
        async throws
    {
        let bus = try await PrivateBus()
        let plasma = try await PlasmaNotifier(on: bus)
        let session = try await Self.session(on: bus)
        let first = session.ask(host: "alice.example")
        try await plasma.shows(1)
        let second = session.ask(host: "bob.example")
        try await plasma.shows(2)
        try await Self.picture("plasma-first", plasma.picture)
        let popup = try #require(try await plasma.popups().first)
        let isLeft = try await Self.doubleClick(gap, on: session) {
            try await plasma.click("Allow", of: popup)
        }
        guard isLeft else { return }
        try await Self.picture("plasma-second", plasma.picture)
        try await plasma.press("Allow") { await session.approvals.pending().isEmpty }
        #expect(await first.value.isAllowed)
        #expect(await second.value.isAllowed)
        try await plasma.shows(0)
        try await session.end()
        try await plasma.stop()
    }
}

extension Answer {
    fileprivate var isAllowed: Bool {
        if case .allowed = self { true } else { false }
    }
}
