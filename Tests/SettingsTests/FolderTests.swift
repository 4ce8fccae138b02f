// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Settings

struct FolderTests {
    @Test func `without variables the folders are those of the specification`() {
        let folders = Folders(environment: ["HOME": "/home/ann"], accountHome: "/nowhere")
        #expect(folders.configurationFile == "/home/ann/.config/keybell/config.toml")
        #expect(folders.state == "/home/ann/.local/state/keybell")
    }

    @Test func `the variables of the specification win`() {
        let folders = Folders(
            environment: ["HOME": "/home/ann", "XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s"],
            accountHome: "/nowhere"
        )
        #expect(folders.configuration == "/c/keybell")
        #expect(folders.state == "/s/keybell")
    }

    @Test(arguments: ["", "relative/path"])
    func `a variable that is no absolute path is ignored`(value: String) {
        let folders = Folders(
            environment: ["HOME": value, "XDG_CONFIG_HOME": value, "XDG_STATE_HOME": value],
            accountHome: "/home/account"
        )
        #expect(folders.home == "/home/account")
        #expect(folders.configuration == "/home/account/.config/keybell")
        #expect(folders.state == "/home/account/.local/state/keybell")
    }

    @Test(arguments: [
        ("~", "/home/ann"), ("~/Passwords.kdbx", "/home/ann/Passwords.kdbx"), ("/a/~b", "/a/~b"),
        ("~bob/x", "~bob/x"),
    ])
    func `a tilde at the beginning is the home folder`(path: String, expanded: String) {
        #expect(
            Folders(environment: ["HOME": "/home/ann"], accountHome: "/").expanding(path) == expanded
        )
    }
}
