// SPDX-License-Identifier: Apache-2.0

import Operations
import Testing

@testable import Settings

struct ClientTableTests {
    @Test func `a client's keys are laid over the tables of all`() throws {
        let policy = try parse(
            """
            [access]
            ask_bulk = "never"
            [save]
            ask = "never"
            [[client]]
            id = "backup"
            any_program = true
            ask = "never"
            groups = false
            group = "Backup"
            return = true
            only_kph = false
            version = "1.8.4.2"
            passwords_in_get_all_logins = true
            ask_bulk = "always"
            [[client]]
            id = "perl"
            groups = false
            """
        ).policy
        var backup = policy.standard
        backup.anyProgram = true
        backup.access = .never
        backup.groups = false
        backup.saveGroup = "Backup"
        backup.returnsFields = true
        backup.onlyKPHFields = false
        backup.version = "1.8.4.2"
        backup.passwordsInGetAllLogins = true
        backup.bulkAccess = .always
        var perl = policy.standard
        perl.groups = false
        #expect(policy.rules(for: "backup") == backup)
        #expect(policy.rules(for: "backup").saving == .never)
        #expect(policy.rules(for: "perl") == perl)
        #expect(policy.rules(for: "other") == policy.standard)
        #expect(policy.standard.bulkAccess == .never)
    }

    @Test(arguments: ["cafe\u{301}", "caf\u{E9}"])
    func `a table holds for an Id in every form`(id: String) throws {
        let policy = try parse("[[client]]\nid = \"\(id)\"\nany_program = true").policy
        #expect(policy.rules(for: "cafe\u{301}").anyProgram)
        #expect(policy.rules(for: "caf\u{E9}").anyProgram)
        #expect(throws: ConfigurationError.self) {
            try parse("[[client]]\nid = \"cafe\u{301}\"\n[[client]]\nid = \"caf\u{E9}\"")
        }
    }

    @Test(arguments: ["x\u{FE0F}", " x", "a  b", "x\u{3164}", "x\u{2800}"])
    func `an Id or a vault's name that looks like another is an error`(name: String) {
        #expect(throws: ConfigurationError.self) { try parse("[[client]]\nid = \"\(name)\"") }
        #expect(throws: ConfigurationError.self) { try parse("[[vault]]\nname = \"\(name)\"") }
    }

    @Test func `a client's keys may stand in tables, so that both kinds of ask can be said`() throws {
        let policy = try parse(
            """
            [[client]]
            id = "backup"
            access.ask = "always"
            [client.save]
            ask = "never"
            """
        ).policy
        #expect(policy.rules(for: "backup").access == .always)
        #expect(policy.rules(for: "backup").saving == .never)
        #expect(policy.standard.saving == .always)
    }

    @Test(arguments: [
        ("access.ask = \"granted\"", false),
        ("access.ask = \"granted\"\nsave.ask = \"always\"", true),
        ("save.ask = \"always\"\n[[client]]\nid = \"night\"\nask = \"granted\"", false),
        ("[[client]]\nid = \"night\"\nask = \"granted\"\nsave.ask = \"always\"", true),
        ("save.ask = \"always\"\n[[client]]\nid = \"night\"\nsave.ask = \"never\"\nask = \"granted\"", false),
        ("access.ask = \"granted\"\nsave.ask = \"always\"\n[[client]]\nid = \"night\"\ngroups = false", true),
        ("[[client]]\nid = \"night\"\ngroups = false", true),
    ])
    func `who is asked nothing isn't asked about saves either, unless that is said of it`(
        toml: String,
        asks: Bool
    ) throws {
        #expect(try parse(toml).policy.rules(for: "night").asksToSave == asks)
    }

    @Test(arguments: [
        ("[[client]]\ngroups = false", "client[0].id: needs the client's Id"),
        ("[[client]]\nid = \"\"", "client[0].id: must not be empty"),
        ("[[client]]\nid = \"a\"\n[[client]]\nid = \"a\"", "client[1].id: \"a\" has a table already"),
        ("[[client]]\nid = \"a\"\nport = 1", "client[0].port: unknown key"),
        ("[[client]]\nid = \"a\"\nsave.groups = false", "client[0].save.groups: unknown key"),
        (
            "[[client]]\nid = \"a\"\nany_program = 1",
            "client[0].any_program: must be true or false, not a number"
        ),
        (
            "[[client]]\nid = \"a\"\ngroups = false\nprotocol.groups = true",
            "client[0].groups: is there twice, also as protocol.groups"
        ),
        ("client.id = \"a\"", "client: must be written [[client]], as there may be several"),
    ])
    func `a client table that can't be meant is refused`(text: String, message: String) {
        #expect(complaint(about: text) == "config.toml: " + message)
    }
}
