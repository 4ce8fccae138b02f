// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@testable import Settings

struct FileTests {
    /// Runs a test with an empty folder as the home, and removes it.
    private func withHome(_ body: (URL, Folders) throws -> Void) throws {
        let home = FileManager.default.temporaryDirectory.appending(path: "keybell-settings-\(UUID())")
        try FileManager.default.createDirectory(
            at: home.appending(path: ".config/keybell"),
            withIntermediateDirectories: true
        )
        defer { try? FileManager.default.removeItem(at: home) }  // nothing is left to do about it
        try body(home, Folders(environment: ["HOME": home.path], accountHome: "/"))
    }

    @Test func `without a file every value is the default`() throws {
        try withHome { _, folders in
            let configuration = try Configuration.load(folders: folders)
            #expect(configuration == Configuration())
        }
    }

    @Test func `the person's own file is read`() throws {
        try withHome { home, folders in
            try Data("[http]\nport = 4000".utf8).write(
                to: home.appending(path: ".config/keybell/config.toml")
            )
            let configuration = try Configuration.load(folders: folders)
            #expect(configuration.http.port == 4000)
        }
    }

    @Test func `a named file that isn't there is an error`() throws {
        try withHome { home, folders in
            let path = home.path + "/none.toml"
            #expect(throws: ConfigurationError.unreadable(file: path, reason: "no such file")) {
                try Configuration.load(path: path, folders: folders)
            }
        }
    }

    @Test(arguments: [".config/keybell/config.toml", ".config/keybell", ".config"])
    func `a link to nothing is no missing file: somebody has put it there`(link: String) throws {
        try withHome { home, folders in
            let place = home.path + "/" + link
            try FileManager.default.removeItem(atPath: home.path + "/.config")
            let folder = place.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: "/mnt/gone/x")
            let error = #expect(throws: ConfigurationError.self) {
                try Configuration.loadIfThere(folders: folders)
            }
            #expect(error?.description.hasSuffix(" a link to something that isn't there") == true)
            // One that leads somewhere, where no file is, is as good as none.
            try FileManager.default.removeItem(atPath: place)
            guard link != ".config/keybell/config.toml" else { return }
            try FileManager.default.createDirectory(
                atPath: home.path + "/real",
                withIntermediateDirectories: true
            )
            try FileManager.default.createSymbolicLink(
                atPath: place,
                withDestinationPath: home.path + "/real"
            )
            #expect(try Configuration.loadIfThere(folders: folders) == nil)
        }
    }

    @Test func `a folder in the place of the file is an error`() throws {
        try withHome { home, folders in
            #expect(throws: ConfigurationError.self) {
                try Configuration.load(path: home.path, folders: folders)
            }
        }
    }

    @Test func `a file that isn't text is an error`() throws {
        try withHome { home, folders in
            let file = home.appending(path: "bad.toml")
            try Data([0x61, 0xFF, 0xFE]).write(to: file)
            #expect(throws: ConfigurationError.unreadable(file: file.path, reason: "is not UTF-8 text")) {
                try Configuration.load(path: file.path, folders: folders)
            }
        }
    }

    @Test func `an error names the file it is in`() throws {
        try withHome { home, folders in
            let file = home.appending(path: "bad.toml")
            try Data("[[vault]]\ncolour = 1".utf8).write(to: file)
            let error = #expect(throws: ConfigurationError.self) {
                try Configuration.load(path: file.path, folders: folders)
            }
            #expect(error?.description == "\(file.path): vault[0].colour: unknown key")
        }
    }
}
