// SPDX-License-Identifier: Apache-2.0

import Callers
import Foundation
import Linux
import Testing

@Suite struct CallerIdentificationTests {
    @Test func `a script that connects is identified with its parents`() async throws {
        let bell = try ListeningSocket(binding: try #require(InternetAddress("127.0.0.1", port: 0)))
        let folder = FileManager.default.temporaryDirectory.appending(path: "keybell-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // a leftover in /tmp is no failure
        let script = folder.appending(path: "ring.py")
        try """
        import os, socket, subprocess, sys
        s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        s.set_inheritable(True)
        child = subprocess.Popen(["sleep", "600"], close_fds=False, stdin=subprocess.DEVNULL)
        print(s.getsockname()[1], child.pid, flush=True)
        sys.stdin.read()
        child.kill()
        """.write(to: script, atomically: true, encoding: .utf8)
        let python = try Python(script: script, arguments: ["\(bell.address.port)"], folder: folder)
        defer { python.end() }
        let line = try #require(python.line()).split(separator: " ").compactMap { Int32($0) }
        try #require(line.count == 2, "\(line)")

        let local = try #require(InternetAddress("127.0.0.1", port: UInt16(line[0])))
        let remote = try #require(InternetAddress("127.0.0.1", port: bell.address.port))
        let owner = try #require(try SocketTable.owner(local: local, remote: remote))
        var look = await CallerIdentification.snapshot(of: owner)
        // On a busy machine one look may not have the time that it takes.
        for _ in 0..<20 where !look.isGood(seen: nil) {
            look = await CallerIdentification.snapshot(of: owner)
        }
        #expect(look.isGood(seen: nil))
        let caller = Caller(socket: owner, present: look.holders, origin: "moz-extension://1")

        #expect(caller.isKnown)
        #expect(caller.uid == getuid())
        #expect(Set(caller.holders.map(\.pid)) == [python.pid, line[1]])
        #expect(caller.pid == python.pid, "the one that connected, not the one that inherited")
        #expect(caller.processes.first?.name.hasPrefix("python") == true)
        #expect(caller.processes.first?.script == script.resolvingSymlinksInPath().path())
        #expect(caller.processes.dropFirst().first?.identity.pid == getpid())
        #expect(caller.origin == "moz-extension://1")

        let child = Answerer.read(pid: line[1], uid: getuid())
        #expect(!AnswerRule.mayAnswer(child, of: caller))
        let me = Answerer.read(pid: getpid(), uid: getuid())
        #expect(me.chain.first?.identity.pid == getpid())
        #expect(AnswerRule.mayAnswer(me, of: caller))
    }

    @Test func `a socket that nobody holds is an unknown caller's`() async {
        let owner = SocketOwner(uid: 7, inode: .max)
        let look = await CallerIdentification.snapshot(of: owner)
        #expect(look.holders.isEmpty && !look.isGood(seen: nil))
        let caller = Caller(socket: owner, present: look.holders)
        #expect(!caller.isKnown && caller.program == Program(id: "") && !caller.program.isKnown)
    }

    @Test func `who holds a port is named`() throws {
        let bell = try ListeningSocket(binding: try #require(InternetAddress("127.0.0.1", port: 0)))
        let address = try #require(InternetAddress("127.0.0.1", port: bell.address.port))
        let holder = try #require(PortHolder.find(on: address))
        #expect(holder.uid == getuid())
        #expect(holder.process?.identity.pid == getpid())
        #expect(holder.description.contains("process \(getpid()) of user"))
        let free = try #require(InternetAddress("127.0.0.1", port: 1))
        #expect(PortHolder.find(on: free) == nil)
    }

    @Test func `an answerer that has ended has no identity`() {
        #expect(Answerer.read(pid: .max, uid: 7) == Answerer(identity: nil, uid: 7))
    }
}

/// A Python script with its standard input open until it is ended.
private final class Python {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    init(script: URL, arguments: [String], folder: URL) throws {
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = [script.lastPathComponent] + arguments
        process.currentDirectoryURL = folder
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    var pid: Int32 { process.processIdentifier }

    /// Reads the first line, which may come in pieces.
    func line() -> String? {
        var text = ""
        while !text.contains("\n") {
            let piece = output.fileHandleForReading.availableData
            guard !piece.isEmpty else { return nil }
            text += String(decoding: piece, as: UTF8.self)
        }
        return text.split(separator: "\n").first.map(String.init)
    }

    func end() {
        try? input.fileHandleForWriting.close()  // already closed: it is ending
        process.waitUntilExit()
    }
}
