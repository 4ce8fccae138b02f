// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import SecureMemory
import TestSupport
import Testing

/// What a request leaves behind in the daemon's memory, looked at as root.
@Suite(.memoryImages)
struct AccessPolicyMemoryTests {
    @Test func `keys, saved, fetched and generated passwords are gone when their request is answered`()
        async throws
    {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        let saved = "saved-through-set-login-7Qx"
        #expect(try await client.save("https://example.org/", login: "alice-9Zk", password: saved).success)
        let found = try await BusAnswerer(session).answering {
            try await client.ask(.getLogins, [("Url", "https://example.org/")])
        }
        #expect(found.entries.map(\.password) == [SecretBytes(utf8: saved)])
        let generated = try #require(try await client.ask(.generatePassword).entries.first?.password)
        let secrets = [saved, generated.exposedText(), client.key.base64().exposedText()].compactMap(\.self)
        try #require(secrets.count == 3)
        let pid = try session.daemon.pid
        // The image is one: what is public is there.
        #expect(try !MemoryImage.search(pid, for: ["alice-9Zk"]).isEmpty)
        let findings = try MemoryImage.search(pid, for: secrets)
        #expect(findings.isEmpty, "\(findings)")
    }

    @Test func `the body of an associate that is denied leaves nothing of its key`() async throws {
        let session = try await DaemonSession()
        let client = ClientProgram(session)
        let reply = try await BusAnswerer(session).answering(decision: "deny") {
            try await client.ask(.associate)
        }
        #expect(!reply.success)
        let key = try #require(client.key.base64().exposedText())
        let findings = try MemoryImage.search(session.daemon.pid, for: [key])
        #expect(findings.isEmpty, "\(findings)")
    }

    @Test func `the realm of a page is gone when its request is answered`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        #expect(try await client.save("https://example.org/", login: "alice-9Zk", password: "x").success)
        let realm = "the-realm-of-the-page-8Wd"
        _ = try await BusAnswerer(session).answering {
            try await client.ask(.getLogins, [("Url", "https://example.org/"), ("Realm", realm)])
        }
        let pid = try session.daemon.pid
        #expect(try !MemoryImage.search(pid, for: ["alice-9Zk"]).isEmpty)
        let findings = try MemoryImage.search(pid, for: [realm])
        #expect(findings.isEmpty, "\(findings)")
    }
}
