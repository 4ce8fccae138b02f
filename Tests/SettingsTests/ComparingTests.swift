// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Settings

struct ComparingTests {
    @Test(arguments: [
        ("[http]\nallowed_origins = [\"https://wiki.example\"]", ["[http]"]),
        ("[[vault]]\nkind = \"kdbx\"\npath = \"/a.kdbx\"", ["[[vault]]"]),
        ("[match]\nbest_only = true", ["[match]"]),
        ("[fields]\nreturn = true", ["[fields]"]),
        ("[access]\nask_bulk = \"never\"", ["[access]"]),
        ("[save]\ngroup = \"Web\"", ["[save]"]),
        ("[unlock]\non_request = true", ["[unlock]"]),
        ("[unlock]\ntries = 1", ["[unlock]"]),
        ("[lock]\nidle_minutes = 5", ["[lock]"]),
        ("[approval]\ntimeout = 60", ["[approval]"]),
        ("[audit]\nrequired = false", ["[audit]"]),
        ("[notify]\ndeliveries = false", ["[notify]"]),
        ("[generate]\nlength = 30", ["[generate]"]),
        ("[protocol]\ngroups = false", ["[protocol]"]),
        ("[[client]]\nid = \"backup\"\nany_program = true", ["[[client]]"]),
        ("# a comment\n[http]\nport = 19455", []),
    ])
    func `a table that says something else is named`(text: String, tables: [String]) throws {
        let configuration = try parse(text)
        #expect(configuration.tables(unlike: Configuration()) == tables)
        #expect(configuration.tables(unlike: configuration) == [])
        #expect(configuration.keysAfterRestart(startedWith: Configuration()) == [])
        // A new key that no table is named for would be put in force unsaid.
        #expect(tables.isEmpty == (configuration == Configuration()))
    }

    @Test(arguments: [
        ("[http]\nport = 1", ["http.port"]),
        ("[http]\ntls_port = 2", []),
        ("[http]\ncertificate = \"/c\"\nprivate_key = \"/k\"", ["http.certificate"]),
        ("[keyring]\ncollection = \"work\"", ["keyring.collection"]),
    ])
    func `what takes a restart is named, and nothing else`(text: String, keys: [String]) throws {
        let configuration = try parse(text)
        #expect(configuration.keysAfterRestart(startedWith: Configuration()) == keys)
        #expect(configuration.tables(unlike: Configuration()) == [])
    }

    @Test func `a certificate that was renewed in place is another`() throws {
        var first = try parse("[http]\ncertificate = \"/c\"\nprivate_key = \"/k\"")
        first.http.certificate?.chain = [[1]]
        var other = first
        #expect(other == first && other.tables(unlike: first) == [])
        other.http.certificate?.chain = [[2]]
        #expect(other != first && other.tables(unlike: first) == ["[http]"])
        #expect(other.keysAfterRestart(startedWith: first) == [])
    }

    @Test func `where HTTPS is served, other files are taken up and another port isn't`() throws {
        let first = try parse("[http]\ncertificate = \"/c\"\nprivate_key = \"/k\"")
        let other = try parse("[http]\ncertificate = \"/d\"\nprivate_key = \"/k\"\ntls_port = 3")
        #expect(other.tables(unlike: first) == ["[http]"])
        #expect(other.keysAfterRestart(startedWith: first) == ["http.tls_port"])
        #expect(Configuration().keysAfterRestart(startedWith: first) == ["http.certificate"])
    }
}
