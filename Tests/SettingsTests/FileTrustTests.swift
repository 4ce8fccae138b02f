// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Settings

/// A configuration names programs to run, so only the person may have written it.
struct FileTrustTests {
    private let home: TemporaryFolder
    private let folders: Folders
    private let file: String

    init() throws {
        home = try TemporaryFolder()
        folders = Folders(environment: ["HOME": home.path], accountHome: "/")
        try home.makeFolder(".config/keybell")
        file = try home.write(".config/keybell/config.toml", "[http]\nport = 4000\n")
        try change(".config/keybell/config.toml", 0o644)
    }

    private func change(_ name: String, _ mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: home.path(name))
    }

    private func run(_ command: String...) async throws {
        let report = try await ChildProcess.run(command[0], Array(command.dropFirst()))
        #expect(report.status == 0, "\(report)")
    }

    /// What is said where it is refused; nil where it is read.
    private func complaint(_ path: String? = nil) -> ConfigurationError? {
        do {
            #expect(try Configuration.load(path: path, folders: folders).http.port == 4000)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a file that others may write is refused, with the cure`() throws {
        #expect(complaint() == nil)
        try change(".config/keybell/config.toml", 0o646)
        #expect(complaint() == .exposed(file: file, place: file, owner: nil))
        let text = complaint()?.description ?? ""
        #expect(text.hasPrefix("\(file): it can be written to by other users"))
        #expect(text.contains("`chmod go-w \(file)`"))
    }

    @Test(arguments: [".config/keybell", ".config", ""])
    func `so is a file in a folder that others may write, up to the home folder`(name: String) throws {
        try change(name, 0o757)
        let place = name.isEmpty ? home.path : home.path(name)
        #expect(complaint() == .exposed(file: file, place: place, owner: nil))
        #expect(complaint()?.description.contains("`chmod go-w \(place)`") == true)
        try change(name, 0o1757)
        // Others can add to it, not take its place.
        #expect(complaint() == nil)
    }

    @Test func `what is above the home folder is not the configuration's matter`() throws {
        let outer = try home.makeFolder("outer")
        let inner = try home.makeFolder("outer/home/.config/keybell")
        try home.write("outer/home/.config/keybell/config.toml", "[http]\nport = 4000\n")
        try change("outer", 0o777)
        let folders = Folders(environment: ["HOME": "\(outer)/home"], accountHome: "/")
        #expect(try Configuration.load(folders: folders).http.port == 4000)
        // For who has another home it is.
        #expect(complaint(inner + "/config.toml")?.description.contains("chmod go-w \(outer)`") == true)
    }

    @Test func `a link is followed, and its target's folder looked at, too`() throws {
        try home.makeFolder("dot files/keybell")
        let target = try home.write("dot files/keybell/config.toml", "[http]\nport = 4000\n")
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.createSymbolicLink(
            atPath: file,
            withDestinationPath: "../../dot files/keybell/config.toml"
        )
        #expect(complaint() == nil)
        try change("dot files", 0o777)
        let place = home.path("dot files")
        #expect(complaint() == .exposed(file: file, place: place, owner: nil))
        #expect(complaint()?.description.contains("`chmod go-w '\(place)'`") == true)
        try change("dot files", 0o700)
        // The folder of the link counts as much as that of the file.
        try change(".config/keybell", 0o777)
        #expect(complaint() == .exposed(file: file, place: home.path(".config/keybell"), owner: nil))
        try change(".config/keybell", 0o700)
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: target)
        try change("dot files/keybell/config.toml", 0o666)
        #expect(complaint() == .exposed(file: file, place: target, owner: nil))
    }

    @Test func `a link to itself, a pipe and a folder are errors, and a missing file is none`() async throws {
        try FileManager.default.removeItem(atPath: file)
        #expect(try Configuration.load(folders: folders) == Configuration())
        try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: file)
        #expect(complaint() == .unreadable(file: file, reason: "can't be read"))
        try FileManager.default.removeItem(atPath: file)
        try await run("mkfifo", file)
        #expect(complaint() == .unreadable(file: file, reason: "can't be read"))
        #expect(complaint(home.path) == .unreadable(file: home.path, reason: "is a folder"))
        #expect(try Configuration.load(path: "/dev/null", folders: folders) == Configuration())
    }

    @Test func `a group may write where nobody else is in it`() async throws {
        try change(".config/keybell/config.toml", 0o664)
        let names = try await ChildProcess.run("id", ["-un"]).output == ChildProcess.run("id", ["-gn"]).output
        // So it is with Debian's accounts, root among them.
        #expect((complaint() == nil) == names)
    }

    @Test(
        .enabled(if: getuid() == 0, "only root can give files away"),
        .enabled(if: InstalledProgram.isThere("setfacl"), "setfacl is not installed")
    )
    func `another group, another owner and an access list let others in`() async throws {
        try change(".config/keybell/config.toml", 0o664)
        try await run("chgrp", "users", file)
        #expect(complaint() == .exposed(file: file, place: file, owner: nil))
        try await run("chgrp", "root", file)
        try await run("setfacl", "-m", "u:nobody:rw", file)
        #expect(complaint() == .exposed(file: file, place: file, owner: nil))
        try await run("chmod", "go-w", file)
        #expect(complaint() == nil)
        try await run("chown", "nobody", file)
        let number = try await ChildProcess.run("id", ["-u", "nobody"]).output
        let nobody = try #require(UInt32(number.trimmingCharacters(in: .newlines)))
        #expect(complaint() == .exposed(file: file, place: file, owner: nobody))
        #expect(complaint()?.description.contains("belongs to another user (uid \(nobody))") == true)
        try await run("chown", "root", file)
        try await run("chown", "nobody", home.path(".config"))
        #expect(complaint() == .exposed(file: file, place: home.path(".config"), owner: nobody))
    }
}
