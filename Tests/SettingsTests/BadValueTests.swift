// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import TestSupport
import Testing

@testable import Settings

struct BadValueTests {
    @Test(arguments: [
        ("http.port = 0", "http.port: 0 is not from 1 to 65535"),
        ("http.port = 65536", "http.port: 65536 is not from 1 to 65535"),
        ("http.port = \"19455\"", "http.port: must be a whole number, not a text"),
        ("http.port = 1.5", "http.port: must be a whole number, not a number"),
        ("http.tls_port = -1", "http.tls_port: -1 is not from 1 to 65535"),
        (
            "http.tls_port = 19455\nhttp.certificate = \"/c\"\nhttp.private_key = \"/k\"",
            "http.tls_port: 19455 is the port of plain HTTP, too"
        ),
        ("http.certificate = \"/c\"", "http.certificate: needs private_key, too"),
        ("http.private_key = \"/k\"", "http.private_key: needs certificate, too"),
        ("http.certificate = \"\"", "http.certificate: must not be empty"),
        (
            "http.allowed_origins = \"https://a\"",
            "http.allowed_origins: must be an array of texts, not a text"
        ),
        ("http.allowed_origins = [1]", "http.allowed_origins[0]: must be a text in quotes, not a number"),
        ("unlock.on_request = \"yes\"", "unlock.on_request: must be true or false, not a text"),
        ("unlock.pinentry = \"\"", "unlock.pinentry: must not be empty"),
        ("unlock.tries = 0", "unlock.tries: 0 is not from 1 to 10"),
        ("unlock.max_kdf_seconds = 601", "unlock.max_kdf_seconds: 601 is not from 1 to 600"),
        ("unlock.max_kdf_memory_mib = 0", "unlock.max_kdf_memory_mib: 0 is not from 1 to 65536"),
        ("lock.idle_minutes = -1", "lock.idle_minutes: -1 is not from 0 to 10080"),
        ("lock.on_screen_lock = 1", "lock.on_screen_lock: must be true or false, not a number"),
        ("lock.on_sleep = []", "lock.on_sleep: must be true or false, not an array"),
        ("approval.timeout = 0", "approval.timeout: 0 is not from 1 to 3600"),
        ("approval.notifier = {}", "approval.notifier: must be true or false, not a table"),
        ("approval.retry_seconds = -1", "approval.retry_seconds: -1 is not from 0 to 3600"),
        ("approval.quiet_seconds = 3601", "approval.quiet_seconds: 3601 is not from 0 to 3600"),
        ("approval.dismiss = \"allow\"", "approval.dismiss: \"allow\" is none of \"wait\", \"deny\""),
        (
            "approval.confirm_with = \"zenity\"",
            "approval.confirm_with: \"zenity\" is none of \"\", \"pinentry\""
        ),
        ("approval.confirm_kinds = [\"save\"]", "approval.confirm_kinds: needs confirm_with = \"pinentry\""),
        (
            "approval.confirm_with = \"pinentry\"\napproval.confirm_kinds = [\"save\", \"save\"]",
            "approval.confirm_kinds[1]: \"save\" is there twice"
        ),
        ("notify.deliveries = 1979-05-27", "notify.deliveries: must be true or false, not a date or time"),
        ("keyring.collection = \"\"", "keyring.collection: must not be empty"),
    ])
    func `a value that can't be meant is refused with its path`(text: String, message: String) {
        #expect(complaint(about: text) == "config.toml: " + message)
    }

    @Test(arguments: [
        ("match.best_only = 1", "match.best_only: must be true or false, not a number"),
        ("match.schemes = 1", "match.schemes: must be true or false, not a number"),
        ("match.hide_expired = 1", "match.hide_expired: must be true or false, not a number"),
        ("match.sort_by = \"url\"", "match.sort_by: \"url\" is none of \"username\", \"title\""),
        ("generate.length = 3", "generate.length: 3 is not from 4 to 512"),
        ("generate.classes = []", "generate.classes: must name at least one class"),
        (
            "generate.classes = [\"emoji\"]",
            "generate.classes[0]: \"emoji\" is none of \"lower\", \"upper\", \"digits\", \"symbols\""
        ),
        (
            "access.ask = \"sometimes\"",
            "access.ask: \"sometimes\" is none of \"unless-granted\", \"always\", \"granted\", \"never\""
        ),
        (
            "access.ask_bulk = \"unless-granted\"",
            "access.ask_bulk: \"unless-granted\" is none of \"always\", \"never\""
        ),
        ("save.ask = true", "save.ask: must be a text in quotes, not true or false"),
        ("save.group = \"\"", "save.group: must not be empty"),
        ("save.group = \"a\\u0007\"", "save.group: has a control character in it"),
        ("fields.return = 1", "fields.return: must be true or false, not a number"),
        ("fields.only_kph = 1", "fields.only_kph: must be true or false, not a number"),
        (
            "protocol.passwords_in_get_all_logins = 1",
            "protocol.passwords_in_get_all_logins: must be true or false, not a number"
        ),
        ("protocol.groups = 1", "protocol.groups: must be true or false, not a number"),
    ])
    func `a value of the policy that can't be meant is refused with its path`(text: String, message: String) {
        #expect(complaint(about: text) == "config.toml: " + message)
    }

    @Test(arguments: [
        ("[access]\nask = never", true), ("[[vault]]\npath = ~/a.kdbx", true), ("[http]\nport = 1x", false),
        ("[access]\nask = \"never", false),
    ])
    func `a text without quotes is told that it needs some`(text: String, isTold: Bool) {
        let message = complaint(about: text)
        #expect(message.hasPrefix("config.toml: line 2, "))
        #expect(message.hasSuffix(" (texts stand in quotes)") == isTold, "\(message)")
    }

    @Test(arguments: ["2.3.1", "2.3.1.0.0", "1.3.9.9", "2.3.x.0", "", "2..1.0", "99999.0.0.0", "-2.3.1.0"])
    func `a version that clients can't read is refused`(version: String) {
        #expect(
            complaint(about: "protocol.version = \"\(version)\"").hasPrefix("config.toml: protocol.version: ")
        )
    }

    @Test(arguments: [
        "*", "null", "https://*", "https://a/", "https://a/b", "https://", "a.example", "HTTPS://a",
        "https://A", "",
    ])
    func `what no browser sends as Origin is refused`(origin: String) {
        let text = "http.allowed_origins = [\"https://ok.example\", \"\(origin)\"]"
        #expect(complaint(about: text).hasPrefix("config.toml: http.allowed_origins[1]: "))
    }

    @Test(arguments: [
        ("kind = \"kdb\"", "vault[0].kind: \"kdb\" is none of \"keyring\", \"kdbx\""),
        ("kind = \"kdbx\"", "vault[0].path: a kdbx vault needs the path of its file"),
        (
            "kind = \"kdbx\"\npath = \"a.kdbx\"",
            "vault[0].path: must begin with / or ~/, since a daemon has no folder of its own"
        ),
        (
            "items = [\"gnome-web\"]",
            "vault[0].items[0]: \"gnome-web\" is none of \"epiphany\", \"git\", \"network\", \"keepassxc\""
        ),
        ("items = [\"git\", \"git\"]", "vault[0].items[1]: \"git\" is there twice"),
        ("items = \"git\"", "vault[0].items: must be an array of texts, not a text"),
        (
            "kind = \"kdbx\"\npath = \"/a\"\nitems = []",
            "vault[0].items: only a keyring has them; is it to be kind = \"keyring\"?"
        ),
        ("path = \"/a\"", "vault[0].path: a keyring has none; is it to be kind = \"kdbx\"?"),
        (
            "remember_password = true",
            "vault[0].remember_password: a keyring has none; is it to be kind = \"kdbx\"?"
        ),
        ("colour = 1", "vault[0].colour: unknown key"),
        ("name = \"\"", "vault[0].name: must not be empty"),
        ("kind = \"kdbx\"\npath = \"/a\"\nkey_file = \"k\"", "vault[0].key_file: must begin with / or ~/"),
        (
            "kind = \"kdbx\"\npath = \"/a\"\npassword_command = []",
            "vault[0].password_command: must name a program, such as [\"pass\", \"show\", \"keepass\"]"
        ),
        (
            "kind = \"kdbx\"\npath = \"/a\"\npassword_command = [\"\", \"x\"]",
            "vault[0].password_command: must name a program, such as [\"pass\", \"show\", \"keepass\"]"
        ),
        (
            "kind = \"kdbx\"\npath = \"/a\"\npassword = \"none\"",
            "vault[0].password: is \"none\", and there is no key_file to open it with"
        ),
        (
            "kind = \"kdbx\"\npath = \"/a\"\npassword = \"empty\"\npassword_command = [\"pass\"]",
            "vault[0].password: is \"empty\"; take it out, or password_command"
        ),
        (
            "password = \"empty\"",
            "vault[0].password: a keyring has none; is it to be kind = \"kdbx\"?"
        ),
        ("[[vault]]", mute),
        ("[[vault]]\nname = \"b\"", mute),
        ("[[vault]]\nkind = \"keyring\"", mute),
        (
            "kind = \"keyring\"\n[[vault]]\nname = \"b\"",
            mute.replacing("vault[0]", with: "vault[1]")
        ),
        (
            "kind = \"keyring\"\n[[vault]]\nkind = \"keyring\"\nname = \"b\"",
            "vault[1].kind: there is one keyring, and a vault has it already"
        ),
        (
            "kind = \"kdbx\"\npath = \"~/a.kdbx\"\n[[vault]]\nkind = \"kdbx\"\npath = \"/home/ann/a.kdbx\"\nname = \"b\"",
            "vault[1].path: is the file of the vault \"a\", too"
        ),
        (
            "kind = \"kdbx\"\npath = \"~/main.kdbx\"\n[[vault]]\nkind = \"kdbx\"\npath = \"/Main.kdbx\"",
            "vault[1].name: another vault is called \"main\": \"Main\" differs by upper and lower case alone"
        ),
        (
            "kind = \"kdbx\"\npath = \"/a.kdbx\"\nname = \"keyring\"",
            "vault[0].name: \"keyring\" stands for your keyring, as in `keybell unlock keyring`: give the file another name"
        ),
        (
            "kind = \"kdbx\"\npath = \"/Keyring.kdbx\"",
            "vault[0].name: \"Keyring\" stands for your keyring, as in `keybell unlock keyring`: give the file another name"
        ),
    ])
    func `a vault that can't be meant is refused`(text: String, message: String) {
        #expect(complaint(about: "[[vault]]\n" + text) == "config.toml: " + message)
    }

    /// The table that doesn't say what it is, rather than the one that does.
    static let mute =
        "vault[0].kind: is missing, so that this is the keyring, as another vault is, too; is it to be kind = \"kdbx\"?"

    @Test func `a file is one vault's, also by the way of a symbolic or hard link`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("a.kdbx", "")
        let link = folder.path("b.kdbx")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: file)
        let name = folder.path("c.kdbx")
        try FileManager.default.linkItem(atPath: file, toPath: name)
        for other in [link, name] {
            let text = [file, other].map { "[[vault]]\nkind = \"kdbx\"\npath = \"\($0)\"" }
                .joined(separator: "\n")
            let expected = "config.toml: vault[1].path: is the file of the vault \"a\", too"
            #expect(complaint(about: text) == expected)
        }
    }

    @Test(arguments: [
        ("colour = 1", "colour: unknown key"),
        ("[colours]", "colours: unknown key"),
        ("http.prot = 1", "http.prot: unknown key"),
        ("[match]\nbest = true\nall = true", "match.all: unknown key"),
        ("http = 1", "http: must be a table, not a number"),
        ("vault = [1]", "vault[0]: must be a table, not a number"),
        ("[vault]", "vault: must be written [[vault]], as there may be several"),
    ])
    func `an unknown key is refused with its path`(text: String, message: String) {
        #expect(complaint(about: text) == "config.toml: " + message)
    }

    @Test func `an address to listen on is refused with the reason`() {
        let message = complaint(about: "http.address = \"0.0.0.0\"")
        #expect(message.hasPrefix("config.toml: http.address: unknown key: Keybell listens on loopback only"))
    }

    @Test func `a syntax error is told with its line`() throws {
        let error = #expect(throws: ConfigurationError.self) { try parse("[http]\nport = 1\nport = = 2\n") }
        guard case .syntax(let file, let line, _, let message) = try #require(error) else {
            Issue.record("not a syntax error")
            return
        }
        #expect(file == "config.toml" && line == 3 && !message.isEmpty)
    }

    /// toml++ would end the process over them.
    @Test(arguments: [
        (String(repeating: "a.", count: 100_000) + "b = 1", "line 1, column 130"),
        ("[" + String(repeating: "a.", count: 100_000) + "b]", "line 1, column 131"),
        ("[=]", "line 1, column 2"), ("[.a]", "line 1, column 2"), ("[é]", "line 1, column 2"),
        ("[# ]", "line 1, column 2"), ("[\n]", "line 1, column 2"), ("[[=]]", "line 1, column 3"),
        ("[[\u{1}]]", "line 1, column 3"), ("[http]\n\n \t[ !]", "line 3, column 5"),
        ("[http] # [x\n[\r\n]", "line 2, column 2"),
        ("[[client]]\nid = \"\"\"a\n[=]\n\"\"\"\n[=]", "line 5, column 2"),
        ("[[client]]\nid = 'a\n[=]", "line 3, column 2"), ("vault = [  } ]", "line 1, column 12"),
        ("http = { a = [ 1, } ]", "line 1, column 19"), ("http = { ]", "line 1, column 10"),
    ])
    func `a table's name that can't be one is an error that names its place`(text: String, place: String) {
        #expect(complaint(about: text).hasPrefix("config.toml: \(place): "), "\(complaint(about: text))")
    }

    @Test(arguments: [
        "[[client]]\nid = \"\"\"a\n[=]\n\"\"\"", "[[client]]\nid = '''\n[é]\\'''", "[ http ]", "[\"http\"]",
        "[http]\nallowed_origins = [\n  # [=]\n  \"https://[::1]:80\",\n]",
    ])
    func `what only looks like one isn't`(text: String) {
        #expect(!complaint(about: text).contains(": line "), "\(complaint(about: text))")
    }
}
