// SPDX-License-Identifier: Apache-2.0

import DBus
import KeePassHTTP
import SecureMemory
import TestSupport
import Testing

/// First the word, then the look, with the daemon and a keyring.
struct DaemonOracleTests {
    private static let password = "Tr0ub4dor&3"

    /// What is seen of a question.
    private final class Seen: Sendable {
        private let all = Observed<[String]>([])

        func note(_ question: BusAnswerer.QuestionKey) -> String? {
            let details = question.details.filter { !["caller", "created", "deadline"].contains($0.key) }
            all.update {
                $0.append(
                    details.sorted { $0.key < $1.key }.map { "\($0)" }.joined().replacing(
                        question.code,
                        with: "CODE"
                    ).filter { !$0.isNumber }  // the asking process is another one each time
                )
            }
            return nil
        }

        var texts: [String] { all.now }
    }

    private static func search(_ client: ClientWithoutHmac, _ text: String, mode: String) throws -> [UInt8] {
        var request = try client.request("get-logins-custom-search", ["SearchString": text])
        request["SearchInPasswords"] = "true"
        request["SearchMode"] = HandwrittenRequest.text(mode)
        return request.bytes
    }

    @Test func `a denied search tells nothing of the passwords that it was for, and shows what it was for`()
        async throws
    {
        let session = try await DaemonSession()
        let client = try await ClientWithoutHmac.associated(with: session)
        let saved = try await BusAnswerer(session).answering {
            try await client.ask(
                "set-login",
                ["Url": "https://bank.example/", "Login": "me", "Password": Self.password]
            )
        }
        #expect(saved.success)
        let patterns = ["^Tr0", "^Xr0", "^Tr0(?:(?:[a-z0-9]+)+)+!$", "^Tr0(?=u)b?.*&3$"]
        for pattern in patterns {
            let seen = Seen()
            let reply = try await BusAnswerer(session).answering(decision: "deny", seen: { seen.note($0) }) {
                try await client.send(try Self.search(client, pattern, mode: "Regular"))
            }
            #expect(reply.success && reply.entries.isEmpty && reply.error == nil)
            let text = try #require(seen.texts.first)
            #expect(seen.texts.count == 1)
            #expect(text.contains(pattern.filter { !$0.isNumber }) && text.contains("passwords"))
            #expect(!text.contains(Self.password) && !text.contains("bank.example"))
        }
        // Known without a look: said at once, and nobody is asked.
        let verb = try await client.send(try Self.search(client, "(*LIMIT_DEPTH=10)^Tr0", mode: "Regular"))
        #expect(verb.error?.hasPrefix("Invalid regular expression") == true)
        let allowed = try await BusAnswerer(session).answering {
            try await client.send(try Self.search(client, "^Tr0ub", mode: "2"))
        }
        #expect(allowed.entries.map(\.password) == [SecretBytes(utf8: Self.password)])
    }

    @Test func `a save with a guess asks, and tells after the allow alone whether it was right`() async throws
    {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        let saved = try await client.save("https://bank.example/", login: "me", password: Self.password)
        let uuid = try #require(saved.uuid)
        var told: [String] = []
        let seen = Seen()
        for guess in [Self.password, "n0thing"] {
            let reply = try await BusAnswerer(session).answering(decision: "deny", seen: { seen.note($0) }) {
                try await client.ask(.setLogin, [("Uuid", uuid), ("Password", guess)])
            }
            told.append("\(reply.success) \(reply.error ?? "")")
        }
        #expect(Set(told) == ["false Denied"])
        #expect(seen.texts.count == 2 && Set(seen.texts).count == 1)
        let plant = try await client.ask(.setLogin, [("Uuid", uuid), ("Login", "{TOTP}")])
        #expect(!plant.success && plant.error?.contains("{TOTP}") == true)
    }
}
