// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Linux
import NIOCore
import NIOEmbedded
import NIOHTTP1
import SecureMemory

@testable import Approval
@testable import Callers
@testable import DBus
@testable import Notifier
@testable import Passwords
@testable import Settings
@testable import Vault

extension Target {
    /// The head of a request as it comes over the connection, decided about before its body is read.
    ///
    /// NIO's decoder takes at most 80 KiB of head.
    static let head = Target(limit: 100_000) { bytes in
        let policy = AccessPolicy(allowedOrigins: ["https://wiki.example:8443"])
        let channel = EmbeddedChannel()
        // What isn't HTTP is an error of the channel's, and answered elsewhere.
        defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
        do {
            try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
            try channel.writeInbound(ByteBuffer(bytes: bytes))
            while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
                guard case .head(let head) = part else { continue }
                let verdict = policy.verdict(on: head)
                guard case .success = verdict.route else { continue }
                precondition(
                    head.headers["host"].map(AccessPolicy.isLocal) == [true],
                    "a foreign host was let in"
                )
                guard let origin = verdict.origin?.lowercased() else { continue }
                precondition(
                    origin.hasPrefix("https://wiki.example:8443") || origin.contains("-extension://")
                )
            }
        } catch {}
    } seeds: {
        []
    }

    private static let mounts = MountTable()

    /// What /proc and a sandbox say of a process, which may have written much of it itself.
    static let proc = Target(limit: 65536) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        if let status = ProcessStatus(parsing: bytes) { _ = (status.command, status.parent) }
        let group = ControlGroup(text)
        _ = (group.applicationUnit, group.flatpak, group.snap)
        let info = FlatpakInfo(bytes)
        _ = Sandbox.flatpak(in: info, group: group, runtime: "/nonexistent", mounts: mounts)
        _ = Sandbox.snap(inLabel: text)
        let words = bytes.split(separator: 0, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard let executable = words.first, let interpreter = Interpreter(executable: executable) else {
            return
        }
        if let script = interpreter.script(in: words, folder: "/home/ann") {
            let isPath = script.hasPrefix("/") || script.hasPrefix("classpath:")
            precondition(isPath || script.hasPrefix("-m "), "neither a path nor a module")
            precondition(script.utf8.count <= 4096, "longer than any path")
        }
    } seeds: {
        []
    }

    /// A configuration file; what is wrong in it is told in one sentence that names it.
    static let configuration = Target { bytes in
        guard let text = String(validating: bytes, as: UTF8.self) else { return }
        let folders = Folders(environment: ["HOME": "/home/ann"], accountHome: "/")
        do throws(ConfigurationError) {
            let configuration = try Configuration.parse(text, file: "config.toml", folders: folders)
            precondition(!configuration.vaults.isEmpty)
        } catch {
            precondition(error.description.hasPrefix("config.toml: "), error.description)
        }
    } seeds: {
        []
    }

    /// What a program says that asks for a password: each line by itself, then all of it as it comes from the pipe.
    static let assuan = Target(limit: 1 << 17) { bytes in
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            _ = AssuanLine(SecretBytes(copying: Array(line)))
        }
        let lines = OutputLines()
        var rest = bytes[...]
        while let first = rest.first {
            // Pipes give what they like.
            let piece = Array(rest.prefix(Int(first) + 1))
            lines.receive(piece.span)
            rest = rest.dropFirst(piece.count)
        }
        lines.receive([UInt8]().span)
        let text = String(decoding: bytes, as: UTF8.self)
        let sent = AssuanLink.line("SETDESC", text)
        precondition(sent.utf8.count <= AssuanLink.longestLine && !sent.utf8.contains(UInt8(ascii: "\n")))
    } seeds: {
        []
    }

    /// String fields in which a seed of one-time codes may stand: lines `name=value`.
    static let totp = Target { bytes in
        var fields: [String: SecretBytes] = [:]
        for line in bytes.split(separator: UInt8(ascii: "\n")).prefix(16) {
            let parts = line.split(
                separator: UInt8(ascii: "="),
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            guard parts.count == 2, parts[0].count <= 256 else { continue }
            fields[String(decoding: parts[0], as: UTF8.self)] = SecretBytes(copying: Array(parts[1]))
        }
        if let counted = CounterCode(fields: fields) {
            precondition(counted.code.count == 6 && (1...19).contains(counted.next.count))
        }
        guard let code = OneTimeCode(fields: fields) else { return }
        for time: Int64 in [0, 59, 1_700_000_000, .max] {
            guard let text = code.code(at: time)?.exposedText() else {
                preconditionFailure("no code, or none that is text")
            }
            precondition((1...10).contains(text.utf8.count))
        }
        precondition(code.code(at: -1) == nil)
    } seeds: {
        []
    }
}
