// SPDX-License-Identifier: Apache-2.0

import Foundation
import SecureMemory
import TestSupport
import Testing

@testable import Console

/// What git says to its credential helper, and what is kept of what it was told.
struct GitCredentialTests {
    static func read(_ text: String) throws -> GitCredential {
        var bytes = Array(text.utf8)[...]
        return try GitCredential.read { () throws(ConsoleError) in bytes.popFirst() }
    }

    @Test(
        arguments: [
            ("protocol=https\nhost=a.example:8443\n", "https://a.example:8443/", "", ""),
            (
                "protocol=https\nhost=a.example\npath=x/y.git\nusername=ann\n\n", "https://a.example/x/y.git",
                "ann", ""
            ),
            (
                "host=a.example\nprotocol=https\npassword=p=q\n\nhost=b.example\n", "https://a.example/", "",
                "p=q"
            ),
            (
                "capability[]=authtype\nprotocol=http\nhost=[::1]:80\nwwwauth[]=Basic realm=\"x\"\nnonsense\nnew=1\n",
                "http://[::1]:80/", "", ""
            ),
            ("protocol=smtp\nhost=mail.example:587\nusername=Zoë\n", "smtp://mail.example:587/", "Zoë", ""),
        ]
    )
    func `lines are taken as git means them`(text: String, url: String, user: String, password: String) throws
    {
        let credential = try Self.read(text)
        #expect(credential.url == url)
        #expect(credential.username == user)
        #expect(credential.password?.exposedText() ?? "" == password)
    }

    @Test(
        arguments: [
            "", "\n", "protocol=https\n", "host=a.example\n", "protocol=cert\nhost=\npath=/x.pem\n",
            "protocol=https\nhost=a.example/b\n", "protocol=https\nhost=a.example@b.example\n",
            "protocol=https\nhost=a.example?\n", "protocol=https\nhost=a b\n", "protocol=https\nhost=a\tb\n",
            "protocol=ht/tps\nhost=a.example\n",
        ]
    )
    func `what isn't one host is asked for nowhere`(text: String) throws {
        #expect(try Self.read(text).url == nil)
    }

    @Test func `a NUL, an endless line and endless lines are refused`() {
        for text in [
            "host=a\0b\n", String(repeating: "x", count: 70_000), String(repeating: "a=b\n", count: 1001),
        ] {
            #expect(throws: ConsoleError.self) { try Self.read(text) }
        }
    }

    @Test(arguments: ["username", "path", "host", "protocol"])
    func `a name that isn't UTF-8 is not taken for none`(key: String) {
        var bytes = Array("protocol=https\nhost=a.example\n\(key)=car".utf8) + [0xFF] + Array("ol\n\n".utf8)
        bytes.reverse()
        #expect(
            throws: ConsoleError.refused(
                "The \(key) that git names isn't UTF-8: no login can be found by it."
            )
        ) {
            try GitCredential.read { () throws(ConsoleError) in bytes.popLast() }
        }
    }

    @Test func `a login is the named user's, or anybody's`() throws {
        let named = try Self.read("username=ann\n")
        #expect(named.admits(login: "ann") && !named.admits(login: "Ann") && !named.admits(login: ""))
        #expect(try Self.read("").admits(login: "ann"))
    }

    private static func login(_ password: String, path: String = "", user: String = "ann") throws
        -> GitCredential
    {
        try read("protocol=https\nhost=a.example\npath=\(path)\nusername=\(user)\npassword=\(password)\n")
    }

    @Test func `what git got is known again, and no password is kept for it`() throws {
        let folder = try TemporaryFolder()
        let handouts = GitHandouts(folder: folder.path, key: SecretBytes(utf8: "key"), now: 10_000)
        #expect(try handouts.last(for: Self.login("geheim")) == nil)
        handouts.add(try Self.login("former"), uuid: nil)
        for _ in 0..<3 { handouts.add(try Self.login("geheim"), uuid: "AB") }
        #expect(
            try handouts.last(for: Self.login("geheim")) == .init(uuid: "AB", isSame: true, isRefused: false)
        )
        #expect(
            try handouts.last(for: Self.login("former")) == .init(uuid: "AB", isSame: false, isRefused: false)
        )
        handouts.add(try Self.login("geheim"), uuid: "AB", isRefused: true)
        #expect(try handouts.last(for: Self.login("geheim"))?.mayGoOut == false)
        #expect(try handouts.last(for: Self.login("former"))?.mayGoOut == true)
        #expect(try handouts.last(for: Self.login("geheim", path: "x")) == nil)
        #expect(try handouts.last(for: Self.login("geheim", user: "bob")) == nil)
        let text = try String(contentsOfFile: folder.path("git-handouts"), encoding: .utf8)
        #expect(text.split(separator: "\n").count == 3)
        #expect(!text.contains("geheim") && !text.contains("ann") && !text.contains("a.example"))
    }

    @Test func `a refusal counts for an hour, and nothing under another key`() throws {
        let folder = try TemporaryFolder()
        let (key, login) = (SecretBytes(utf8: "key"), try Self.login("geheim"))
        GitHandouts(folder: folder.path, key: key, now: 10_000).add(login, uuid: "AB", isRefused: true)
        func last(_ key: SecretBytes, _ now: UInt64) -> GitHandouts.Handout? {
            GitHandouts(folder: folder.path, key: key, now: now).last(for: login)
        }
        #expect(last(SecretBytes(utf8: "other"), 10_000) == nil)
        #expect(last(key, 13_599)?.mayGoOut == false)
        #expect(last(key, 13_600)?.mayGoOut == true)
        #expect(last(key, 9_999)?.mayGoOut == true)
        try folder.write("git-handouts", "\n x\n\u{FF} a b c d\n")
        #expect(last(key, 10_000) == nil)
    }
}
