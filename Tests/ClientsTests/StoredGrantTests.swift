// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Testing

@testable import Clients

@Suite struct StoredGrantTests {
    @Test func `what is stored is read as it was`() {
        for form in [GrantKey.Form(submitHost: "b.example", scheme: "https"), GrantKey.Form()] {
            var key = GrantTableTests.key
            key.form = form
            let grant = Grant(key: key, allows: true, entries: ["E1"], scope: .always)
            let stored = StoredGrant.encode([grant])
            #expect(StoredGrant.decode(stored, fingerprint: key.fingerprint) == [grant])
        }
    }

    @Test func `a grant of an older version is kept without its form`() throws {
        let text = """
            [{"name":"a","program":"/usr/bin/firefox","vault":"Passwords","kind":"release","host":"a.example",
            "allows":true,"entries":["E1"]}]
            """
        let grants = try #require(StoredGrant.decode(SecretBytes(utf8: text), fingerprint: "AA:BB"))
        let grant = try #require(grants.first)
        #expect(grant.key.form == nil)
        // Stored again it stays one.
        #expect(StoredGrant.decode(StoredGrant.encode(grants), fingerprint: "AA:BB") == grants)
    }

    @Test(arguments: ["", "{}", "[{}]", "null", "[{\"name\":\"a\"}]"])
    func `what isn't a list of grants is unreadable, not empty`(text: String) {
        #expect(StoredGrant.decode(SecretBytes(utf8: text), fingerprint: "AA:BB") == nil)
        #expect(StoredGrant.decode(SecretBytes(utf8: "[]"), fingerprint: "AA:BB") == [])
    }
}
