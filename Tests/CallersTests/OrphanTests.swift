// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Glibc
import Linux
import TestSupport
import Testing

@testable import Callers

/// Answers of the askers' descendants that have lost their parents.
@Suite struct OrphanTests {
    private static func record(
        _ pid: Int32,
        start: UInt64,
        terminal: Bool = false,
        session: Int32 = 0,
        group: Int32 = 0
    ) -> ProcessRecord {
        ProcessRecord(
            identity: ProcessIdentity(pid: pid, startTime: start),
            executable: "/usr/bin/p\(pid)",
            hasTerminal: terminal,
            group: group,
            session: session
        )
    }

    private static let shell = record(50, start: 10, terminal: true, session: 50, group: 50)
    private static let caller = Caller(
        uid: 1000,
        holders: [ProcessIdentity(pid: 100, startTime: 20)],
        processes: [record(100, start: 20, terminal: true, session: 50, group: 100), shell],
        streams: ["/dev/pts/3", "pipe:[7]"]
    )

    private static func may(_ chain: [ProcessRecord], streams: Set<String> = []) -> Bool {
        AnswerRule.mayAnswer(
            Answerer(identity: chain.first?.identity, uid: 1000, chain: chain, streams: streams),
            of: caller
        )
    }

    @Test func `an orphan of the asker's session, group, or with its streams may not answer`() {
        #expect(!Self.may([Self.record(200, start: 30, session: 200, group: 200)], streams: ["pipe:[7]"]))
        #expect(!Self.may([Self.record(200, start: 30, session: 50, group: 200)]))
        #expect(!Self.may([Self.record(200, start: 30, session: 9, group: 100)]))
        let below = Self.record(201, start: 31, session: 200, group: 200)
        #expect(
            !Self.may(
                [below, Self.record(200, start: 30, session: 200, group: 200)],
                streams: ["/dev/pts/3"]
            )
        )
    }

    @Test func `one that something older has adopted may not answer, whatever that is`() {
        let reaper = Self.record(30, start: 3, session: 30, group: 30)
        #expect(!Self.may([Self.record(200, start: 30, session: 50, group: 200), reaper]))
        #expect(!Self.may([Self.record(200, start: 30, session: 9, group: 100), reaper]))
        let setsid = Self.record(201, start: 31, session: 201, group: 201)
        #expect(!Self.may([setsid, Self.record(200, start: 30, session: 50, group: 200), reaper]))
        #expect(!Self.may([setsid, reaper], streams: ["pipe:[7]"]))
        // What a window manager or a script gives to all that it starts tells nothing.
        let given = Answerer(
            identity: setsid.identity,
            uid: 1000,
            chain: [setsid, reaper],
            streams: ["pipe:[7]"],
            parentStreams: [reaper.identity: ["pipe:[7]"]]
        )
        #expect(AnswerRule.mayAnswer(given, of: Self.caller))
    }

    @Test func `a terminal, an older parent and what shares nothing may`() {
        let mine = Self.record(300, start: 30, terminal: true, session: 290, group: 300)
        #expect(
            Self.may(
                [mine, Self.record(290, start: 29, terminal: true, session: 290)],
                streams: ["/dev/pts/4"]
            )
        )
        let beside = Self.record(301, start: 31, terminal: true, session: 50, group: 301)
        #expect(Self.may([beside, Self.shell], streams: ["/dev/pts/3"]))
        #expect(Self.may([Self.record(302, start: 32, session: 302, group: 302)], streams: ["pipe:[8]"]))
        #expect(Self.may([Self.record(40, start: 5, session: 40)], streams: ["pipe:[7]"]))
    }

    @Test func `what setsid makes of an asker's child is found out`() async throws {
        let sharer = try await SocketSharer()
        let caller = await sharer.caller()
        let orphan = try await sharer.order("orphan")
        defer { kill(orphan, SIGKILL) }
        let answerer = await Answerer.look(pid: orphan, uid: getuid())
        #expect(answerer.identity != nil)
        #expect(!answerer.chain.contains { $0.identity.pid == sharer.pid })
        #expect(!AnswerRule.mayAnswer(answerer, of: caller))
        #expect(AnswerRule.mayAnswer(await .look(pid: getpid(), uid: getuid()), of: caller))
    }
}
