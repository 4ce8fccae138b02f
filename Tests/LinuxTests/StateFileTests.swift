// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Linux

/// What is kept in files of the state folder.
final class StateFileTests {
    private struct Content: Codable, Equatable {
        var text: String
        var number: Int64
    }

    private let folder = FileManager.default.temporaryDirectory.appending(path: "keybell-\(UUID())").path
    private let file: StateFile<Content>

    init() {
        file = StateFile("state.json", in: folder + "/state", longest: 1000)
    }

    deinit {
        // Left for the system to clear if that fails.
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func write(_ text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: file.path))
    }

    @Test func `what is written is read back, by this user alone`() throws {
        #expect(try file.read() == nil)
        let content = Content(text: "a\n\"é", number: .min)
        #expect(try file.write(content))
        #expect(try file.read() == content)
        let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    }

    @Test(arguments: ["", "{", "[]", #"{"text": "a"}"#, #"{"text": "a", "number": 9223372036854775808}"#])
    func `what makes no sense is told, or is nothing`(text: String) throws {
        _ = try file.write(Content(text: "", number: 0))
        try write(text)
        #expect(throws: StateFileError.senseless) { try self.file.read() }
        #expect(file.readIfUsable() == nil)
    }

    @Test func `nothing is written that isn't read`() throws {
        for length in 940...1000 {
            let content = Content(text: String(repeating: "x", count: length), number: 0)
            let isRead = (StateFile<Content>.size(of: content) ?? .max) <= 1000
            guard isRead else {
                #expect(throws: SystemCallError.self) { try self.file.write(content) }
                continue
            }
            _ = try file.write(content)
            #expect(try file.read() == content)
        }
    }

    @Test func `what killed processes have left goes, and nothing else`() throws {
        _ = try file.write(Content(text: "", number: 0))
        // No process has such a number.
        let ended = Int32.max
        let others = [
            "state.json.new-\(getppid())", "state.json.new-", "state.json.new-x", "state.json.old-\(ended)",
            "new-\(ended)", "state.json",
        ]
        let litter = ["state.json.new-\(ended)", "nonces.new-\(ended)"]
        for name in others + litter { try Data().write(to: URL(filePath: "\(folder)/state/\(name)")) }
        SafeFile.clearLitter(in: folder + "/state")
        #expect(try Set(FileManager.default.contentsOfDirectory(atPath: folder + "/state")) == Set(others))
        SafeFile.clearLitter(in: folder + "/none")
    }

    @Test func `what is too long, or can't be written, is told`() throws {
        let former = Content(text: "former", number: 0)
        _ = try file.write(former)
        let long = Content(text: String(repeating: "x", count: 2000), number: 0)
        #expect(throws: SystemCallError(call: "encode", code: EFBIG)) { try self.file.write(long) }
        #expect(try file.read() == former)
        try write(String(repeating: " ", count: 2000))
        #expect(throws: StateFileError.unreadable(SystemCallError(call: "read", code: EFBIG))) {
            try self.file.read()
        }
        try FileManager.default.removeItem(atPath: folder + "/state")
        try Data().write(to: URL(filePath: folder + "/state"))
        #expect(throws: SystemCallError.self) { try self.file.write(Content(text: "", number: 0)) }
    }
}
