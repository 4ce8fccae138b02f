// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import TestSupport
import Testing

@testable import Settings

struct OwnPortTests {
    @Test(arguments: [
        ("", "[http]\nport = 19501\n"), ("[http]\nport = 1\n# mine\n", "[http]\nport = 19501\n# mine\n"),
        ("[lock]\nidle_minutes = 5\n", "[http]\nport = 19501\n\n[lock]\nidle_minutes = 5\n"),
        ("[http]\nallowed_origins = []\n[lock]\n", "[http]\nport = 19501\nallowed_origins = []\n[lock]\n"),
    ])
    func `the port is set and every other line stays`(text: String, expected: String) {
        #expect(OwnPort.text(setting: 19501, in: text) == expected)
    }

    @Test(arguments: ["http = { port = 1 }\n", "http.port = 1\n", "nonsense\n"])
    func `a file that is written in another way is left as it is`(text: String) throws {
        let folder = try TemporaryFolder()
        let folders = Folders(environment: ["HOME": folder.path], accountHome: folder.path)
        try folder.makeFolder(".config/keybell")
        let file = try folder.write(".config/keybell/config.toml", text)
        #expect(throws: OwnPort.Failure.self) { try OwnPort.set(19501, folders: folders) }
        #expect(try String(contentsOfFile: file, encoding: .utf8) == text)
    }

    @Test func `a file that isn't in UTF-8 is left as it is, to the byte`() throws {
        let folder = try TemporaryFolder()
        let folders = Folders(environment: ["HOME": folder.path], accountHome: folder.path)
        try folder.makeFolder(".config/keybell")
        let file = try folder.write(".config/keybell/config.toml", "")
        let bytes = Data("[http]\nport = 1 # caf".utf8 + [0xE9, UInt8(ascii: "\n")])
        try bytes.write(to: URL(filePath: file))
        #expect(throws: OwnPort.Failure.self) { try OwnPort.set(19501, folders: folders) }
        #expect(try Data(contentsOf: URL(filePath: file)) == bytes)
    }
}
