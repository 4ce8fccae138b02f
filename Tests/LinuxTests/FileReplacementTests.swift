// SPDX-License-Identifier: Apache-2.0

import Foundation
import Linux
import Testing

@Suite struct FileReplacementTests {
    private let folder = FileManager.default.temporaryDirectory.path + "/keybell-replacement-\(UUID())"
    private var path: String { folder + "/file" }
    private var backup: String { folder + "/backup" }

    private func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Overwrites a file, with a trouble at a step; gives the error.
    private func overwrite(_ reached: (FileReplacement.Step) throws(SystemCallError) -> Void) throws
        -> SystemCallError?
    {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data("old".utf8).write(to: URL(filePath: path))
        let replacement = try FileReplacement(of: path)
        do throws(SystemCallError) {
            try replacement.overwrite(
                with: Array("newer".utf8),
                backup: backup,
                isGood: { $0 == Array("newer".utf8) },
                isStillOld: { true },
                reached: reached
            )
            return nil
        } catch {
            return error
        }
    }

    @Test func `a file is written in place after its content is put away`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var steps: [FileReplacement.Step] = []
        let error = try overwrite { step throws(SystemCallError) in
            if step == .backedUp { #expect((text(path), text(backup)) == ("old", "old")) }
            steps.append(step)
        }
        #expect(error == nil)
        #expect(steps == [.backedUp, .synchronized, .verified, .done])
        #expect((text(path), text(backup)) == ("newer", "old"))
    }

    @Test func `what can't be written is as it was, and isn't broken`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let trouble = SystemCallError(call: "test", code: EIO)
        let error = try overwrite { step throws(SystemCallError) in if step == .synchronized { throw trouble }
        }
        #expect(error == trouble)
        #expect(!FileReplacement.isBroken(trouble))
        #expect((text(path), text(backup)) == ("old", "old"))
    }

    @Test func `what can't even be put back is broken, and the backup whole`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let error = try #require(
            try overwrite { step throws(SystemCallError) in
                guard step == .synchronized else { return }
                unsafe unlink(path)
                throw SystemCallError(call: "test", code: EIO)
            }
        )
        #expect(FileReplacement.isBroken(error))
        #expect(error.code == ENOENT)
        #expect(text(backup) == "old")
    }

    @Test func `a folder that another program keeps locked can still be saved into`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data("old".utf8).write(to: URL(filePath: path))
        let other = try FolderLock(folder, orWithoutAfter: .zero)
        let replacement = try FileReplacement(of: path, timeout: .milliseconds(1))
        let isLocked = replacement.isLocked
        #expect(!isLocked)
        try replacement.replace(with: Array("new".utf8), isGood: { _ in true }, isStillOld: { true })
        #expect(text(path) == "new")
        // What is written in place would break under another writer.
        var error: SystemCallError?
        do throws(SystemCallError) {
            try replacement.overwrite(with: [], backup: backup, isGood: { _ in true }, isStillOld: { true })
        } catch let caught {
            error = caught
        }
        #expect(error == SystemCallError(call: "flock", code: EWOULDBLOCK))
        _ = consume other
    }

    @Test func `who saves without the lock leaves alone what the one with it is writing`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data("old".utf8).write(to: URL(filePath: path))
        let slow = try FileReplacement(of: path)
        try slow.replace(
            with: Array("slow".utf8),
            isGood: { $0 == Array("slow".utf8) },
            isStillOld: { text(path) == "old" }
        ) { step throws(SystemCallError) in
            guard step == .written else { return }
            let other = try FileReplacement(of: path, timeout: .milliseconds(1))
            other.clearLitter()
            var isRefused = false
            do throws(SystemCallError) {
                try other.replace(with: [1], isGood: { _ in false }, isStillOld: { true })
            } catch {
                isRefused = true
            }
            #expect(isRefused)
        }
        #expect(text(path) == "slow")
    }

    @Test func `what those without the lock have left goes an hour after they have ended`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data("old".utf8).write(to: URL(filePath: path))
        let ended = Process()
        ended.executableURL = URL(filePath: "/bin/true")
        try ended.run()
        ended.waitUntilExit()
        let name = URL(filePath: path).lastPathComponent
        let pid = ended.processIdentifier
        let litter = [".\(name).keybell-new-\(pid)", ".\(name).keybell-old-\(pid)"]
        let others = [
            ".\(name).keybell-new-\(getpid())", ".\(name).keybell-new-\(pid)x", ".other.keybell-new-\(pid)",
        ]
        for file in litter + others { try Data().write(to: URL(filePath: "\(folder)/\(file)")) }
        // It may be another machine's, where its process lives.
        try FileReplacement(of: path).clearLitter()
        let early = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(Set(early) == Set(litter + others + [name]))
        try FileReplacement(of: path).clearLitter(asOf: Int(Date().timeIntervalSince1970) + 3601)
        let left = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(Set(left) == Set(others + [name]))
    }
}
