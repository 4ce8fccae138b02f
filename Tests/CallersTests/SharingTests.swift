// SPDX-License-Identifier: Apache-2.0

import Callers
import ConcurrencyTools
import Glibc
import Linux
import TestSupport
import Testing

/// Sockets that more than one process has, or another than the one that connected.
@Suite struct SharingTests {
    @Test func `a child that inherits the socket is a holder, and its parent asks alone`() async throws {
        let sharer = try await SocketSharer()
        let child = try await sharer.order("fork")
        let caller = await sharer.caller()
        #expect(Set(caller.holders.map(\.pid)) == [sharer.pid, child])
        #expect(caller.askers.map(\.process.identity.pid) == [sharer.pid])
        #expect(caller.program.isKnown)
        #expect(caller.program.vouched == caller.executable)
        for pid in [sharer.pid, child] {
            #expect(!AnswerRule.mayAnswer(.read(pid: pid, uid: getuid()), of: caller))
        }
        #expect(AnswerRule.mayAnswer(.read(pid: getpid(), uid: getuid()), of: caller))
    }

    @Test func `a child that runs another program with the socket asks beside its parent`() async throws {
        let sharer = try await SocketSharer()
        let child = try await sharer.order("leave-to /bin/sleep 60")
        defer { kill(child, SIGKILL) }
        let caller = await sharer.caller()
        #expect(caller.askers.map(\.process.identity.pid) == [sharer.pid, child])
        #expect(!caller.program.isKnown)
        #expect(caller.program.vouched.contains("sleep"))
        #expect(!AnswerRule.mayAnswer(.read(pid: child, uid: getuid()), of: caller))
    }

    @Test func `a process that was given a copy asks beside the one that connected`() async throws {
        let sharer = try await SocketSharer()
        let other = try await sharer.order("pass")
        let caller = await sharer.caller()
        #expect(Set(caller.askers.map(\.process.identity.pid)) == [sharer.pid, other])
        #expect(caller.program.isKnown, "both run one program: \(caller.askers.map(\.program))")
        #expect(!AnswerRule.mayAnswer(.read(pid: other, uid: getuid()), of: caller))
    }

    @Test func `of several unlike programs none is known, whatever grants it has`() async throws {
        let folder = try TemporaryFolder()
        let sharer = try await SocketSharer()
        let python = try #require(ProcessTable.executable(of: sharer.pid))
        let copy = folder.path("python3")
        let copied = try await ChildProcess.run("cp", [python, copy])
        try #require(copied.status == 0, "\(copied)")
        let other = try await sharer.order("pass \(copy)")
        let caller = await sharer.caller()
        #expect(Set(caller.askers.map(\.process.identity.pid)) == [sharer.pid, other])
        #expect(!caller.program.isKnown)
        #expect(caller.program.vouched == [python, copy].sorted().joined(separator: " + "))
        #expect(caller.claims.count == 2)
    }

    @Test func `who has handed its socket on asks no more, and still may not answer`() async throws {
        let sharer = try await SocketSharer()
        let first = await sharer.look()
        let other = try await sharer.order("pass")
        try await sharer.order("close")
        #expect(!first.isGood(seen: nil))
        #expect(first.remaining.isEmpty)

        let later = await sharer.caller()
        #expect(later.askers.map(\.process.identity.pid) == [other])
        let same = await sharer.caller(earlier: first.holders)
        for pid in [sharer.pid, other] {
            #expect(!AnswerRule.mayAnswer(.read(pid: pid, uid: getuid()), of: same))
        }
        guard case .found(let again) = await CallerIdentification.lookAgain(at: same) else {
            Issue.record("nobody was found")
            return
        }
        #expect(Set(again.holders.map(\.pid)) == [sharer.pid, other])
    }

    @Test func `a socket on its way between processes is nobody's, and who had it may not answer`()
        async throws
    {
        let sharer = try await SocketSharer()
        let first = await sharer.look()
        try await sharer.order("fly")
        try await sharer.order("close")
        let caller = await sharer.caller(earlier: first.holders)
        #expect(!caller.isKnown)
        #expect(!caller.program.isKnown)
        #expect(caller.program.vouched.isEmpty)
        #expect(!AnswerRule.isApart(.read(pid: sharer.pid, uid: getuid()), from: caller))
        #expect(AnswerRule.isApart(.read(pid: getpid(), uid: getuid()), from: caller))
    }

    @Test func `a thread that keeps the socket to itself is found`() async throws {
        let sharer = try await SocketSharer()
        try await sharer.order("hide")
        try await sharer.order("close")
        let look = await sharer.look()
        #expect(look.holders.map(\.process.identity.pid) == [sharer.pid])
        #expect(look.isGood(seen: nil))
    }

    @Test func `a thread that keeps the socket to itself is found beside one who has it for all to see`()
        async throws
    {
        let folder = try TemporaryFolder()
        let sharer = try await SocketSharer()
        let python = try #require(ProcessTable.executable(of: sharer.pid))
        let copy = folder.path("curl")
        let copied = try await ChildProcess.run("cp", [python, copy])
        try #require(copied.status == 0, "\(copied)")
        let decoy = try await sharer.order("pass \(copy)")
        try await sharer.order("hide")
        try await sharer.order("close")
        let caller = await sharer.caller()
        #expect(Set(caller.holders.map(\.pid)) == [sharer.pid, decoy])
        #expect(!caller.program.isKnown)
        #expect(!AnswerRule.mayAnswer(.read(pid: sharer.pid, uid: getuid()), of: caller))
    }

    @Test func `a socket parked in a message of the bus by a thread is shown with who parked it`()
        async throws
    {
        let bus = try await PrivateBus()
        _ = try bus.folder.write(
            "services/org.example.Slow.service",
            "[D-BUS Service]\nName=org.example.Slow\nExec=/bin/sleep 60\n"
        )
        let sharer = try await SocketSharer()
        try await sharer.order("park \(bus.address)")
        _ = try await shared(sharer)
        try await sharer.order("hide")
        try await sharer.order("close")
        let parked = await sharer.caller()
        #expect(parked.askers.contains { $0.process.identity.pid == sharer.pid })
        #expect(parked.askers.contains { $0.process.name == "dbus-daemon" })
    }

    @Test func `a socket parked in a message of the bus is shown with who parked it`() async throws {
        let bus = try await PrivateBus()
        // It is started and never comes: what is sent to it waits in the daemon.
        _ = try bus.folder.write(
            "services/org.example.Slow.service",
            "[D-BUS Service]\nName=org.example.Slow\nExec=/bin/sleep 60\n"
        )
        let sharer = try await SocketSharer()
        try await sharer.order("park \(bus.address)")
        let shared = try await shared(sharer)
        #expect(shared.askers.contains { $0.process.identity.pid == sharer.pid })
        #expect(shared.askers.contains { $0.process.name == "dbus-daemon" })
        #expect(!shared.program.isKnown)
        #expect(!AnswerRule.mayAnswer(.read(pid: sharer.pid, uid: getuid()), of: shared))

        let seen = await sharer.look()
        try await sharer.order("close")
        let parked = await sharer.caller(earlier: seen.holders)
        #expect(!AnswerRule.mayAnswer(.read(pid: sharer.pid, uid: getuid()), of: parked))
        #expect(!parked.program.isKnown)
    }

    @Test func `a process that goes on without its first thread is the program that it was`() async throws {
        let sharer = try await SocketSharer()
        let first = await sharer.look()
        let before = try #require(RunningProgram(of: sharer.pid))
        try await sharer.order("leave")
        while ProcessTable.survivors(of: sharer.pid).isEmpty { await Task.yield() }
        #expect(RunningProgram(of: sharer.pid) == before)
        let (caller, known) = (await sharer.caller(), Caller(socket: sharer.owner, present: first.holders))
        #expect(caller.isKnown && caller.program.isKnown)
        #expect(caller.program == known.program && caller.vouchedIDs == known.vouchedIDs)
        let answerer = await Answerer.look(pid: sharer.pid, uid: getuid())
        #expect(answerer.chain.first?.executable == caller.executable)
        #expect(!AnswerRule.mayAnswer(answerer, of: caller))
    }

    @Test func `a process that starts another program with the socket is taken for both`() async throws {
        let sharer = try await SocketSharer()
        let first = await sharer.look()
        try await sharer.order("run /bin/sleep 60")
        // The new program is in its place once its link says so.
        while ProcessTable.executable(of: sharer.pid)?.contains("python") == true { await Task.yield() }
        #expect(!first.isGood(seen: nil))
        let caller = await sharer.caller(earlier: first.holders)
        #expect(!caller.program.isKnown)
        #expect(caller.askers.count == 2)
        #expect(await sharer.caller().program.isKnown, "for a later request it is the new one alone")
        sharer.child.kill()
    }

    @Test func `what has become another program since it was seen with the socket is nobody's`() async throws
    {
        let sharer = try await SocketSharer()
        let seenHolders = await CallerIdentification.holdersSoon(of: sharer.owner)
        #expect(seenHolders.map(\.pid) == [sharer.pid])
        let python = try #require(ProcessTable.executable(of: sharer.pid))
        let before = try #require(RunningProgram(of: sharer.pid))
        // The very same file, with another script.
        try await sharer.order("run \(python) -c __import__('time').sleep(60)")
        while RunningProgram(of: sharer.pid) == before { await Task.yield() }
        let look = await CallerIdentification.snapshot(of: sharer.owner, seenHolders: seenHolders)
        let caller = Caller(socket: sharer.owner, present: look.holders, departed: look.departed)
        #expect(caller.pid == sharer.pid)
        #expect(!caller.program.isKnown)
        #expect(await sharer.caller().program.isKnown, "for a later request it is the new one alone")
        sharer.child.kill()
    }

    @Test func `who has ended since it was seen with the socket leaves nobody whom a grant covers`()
        async throws
    {
        let sharer = try await SocketSharer()
        let seenHolders = await CallerIdentification.holdersSoon(of: sharer.owner)
        let python = try #require(ProcessTable.executable(of: sharer.pid))
        let other = try await sharer.order("pass \(python) stay")
        defer { kill(other, SIGKILL) }
        sharer.child.kill()
        while ProcessTable.executable(of: sharer.pid) != nil { await Task.yield() }
        let look = await CallerIdentification.snapshot(of: sharer.owner, seenHolders: seenHolders)
        #expect(look.departed.map(\.pid) == [sharer.pid])
        let caller = Caller(socket: sharer.owner, present: look.holders, departed: look.departed)
        #expect(caller.isKnown && !caller.program.isKnown)
    }

    @Test(arguments: [40, 100]) func `many who ask at once are all found`(count: Int) async throws {
        let sharer = try await SocketSharer()
        let looks = await withTaskGroup(of: HolderSnapshot.self) { group in
            for _ in 0..<count { group.addTask { await sharer.look() } }
            var found: [HolderSnapshot] = []
            for await one in group { found.append(one) }
            return found
        }
        #expect(
            looks.allSatisfy {
                $0.outcome == .found && $0.holders.map(\.process.identity.pid) == [sharer.pid]
            }
        )
    }

    /// The bus reads in its own time.
    private func shared(_ sharer: SocketSharer) async throws -> Caller {
        for _ in 0..<500 {
            let caller = await sharer.caller()
            if caller.askers.count > 1 { return caller }
            try await pause(.milliseconds(10))
        }
        throw TimedOut(description: "the socket in the bus")
    }
}
