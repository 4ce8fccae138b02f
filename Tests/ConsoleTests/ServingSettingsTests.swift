// SPDX-License-Identifier: Apache-2.0

import DBus
import TestSupport
import Testing

@testable import Console

struct ServingSettingsTests {
    private let serving = ServingSettings(port: 21940, collection: "login")

    @Test func `what the daemon has in force is what counts, whatever its file says`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("config.toml", "[http]\nprot = 1\n")
        let state = ConfigurationDetails(file: file, isCurrent: false, problem: "wrong", serving: serving)
        #expect(try ServingSettings.find(nil, state) == serving)
        #expect(try ServingSettings.find(file, state) == serving)
    }

    @Test func `another file, or one that no daemon goes by, is read`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("config.toml", "")
        let other = try folder.write("other.toml", "[http]\nport = 20000\n[keyring]\ncollection = \"b\"\n")
        let named = ServingSettings(port: 20000, collection: "b")
        let state = ConfigurationDetails(file: file, isCurrent: true, serving: serving)
        #expect(try ServingSettings.find(other, state) == named)
        #expect(try ServingSettings.find(other, nil) == named)
        // An older daemon doesn't say what it has.
        #expect(try ServingSettings.find(other, ConfigurationDetails(file: other, isCurrent: true)) == named)
    }

    @Test func `files that aren't there are not the same`() throws {
        let folder = try TemporaryFolder()
        let state = ConfigurationDetails(file: folder.path("a"), isCurrent: true, serving: serving)
        #expect(state.isOf(folder.path("a")) && state.isOf(nil))
        #expect(!state.isOf(folder.path("b")))
        #expect(throws: ConsoleError.self) { try ServingSettings.find(folder.path("b"), state) }
    }

    @Test func `a mistake in the file is no wrong usage`() throws {
        let file = try TemporaryFolder().write("config.toml", "[http\n")
        let error = #expect(throws: ConsoleError.self) { try ServingSettings.find(file, nil) }
        #expect(error?.exitCode == 1)
    }

    @Test func `what isn't a port is none`() {
        #expect(ServingSettings(["port": .uint32(21940), "collection": .string("login")]) == serving)
        for port: UInt32 in [0, 70000] {
            #expect(ServingSettings(["port": .uint32(port), "collection": .string("login")]) == nil)
        }
        #expect(ServingSettings([:]) == nil)
    }
}
