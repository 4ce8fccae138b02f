// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import Testing

@testable import Operations

/// As much as fits into a request of combining marks, encrypted, in every field of every type.
@Suite struct LongTextTests {
    static let marks = String(repeating: "\u{323}\u{301}", count: 190_000)

    static let bodies: [(String, @Sendable (TestClient, String) throws -> [UInt8])] = [
        ("Url", { try $0.request(.getLogins, ["Url": $1]) }),
        ("Url's path", { try $0.request(.getLogins, ["Url": "https://a.example/?" + $1]) }),
        ("Url's host", { try $0.request(.getLogins, ["Url": "https://" + $1 + ".example/"]) }),
        ("SubmitUrl", { try $0.request(.getLogins, ["Url": "https://a.example/", "SubmitUrl": $1]) }),
        ("Realm", { try $0.request(.getLogins, ["Url": "https://a.example/", "Realm": $1]) }),
        ("count's Url", { try $0.request(.getLoginsCount, ["Url": $1]) }),
        ("Names", { try $0.request(.getLoginsByNames, names: [$1]) }),
        ("Uuid", { try $0.request(.getLoginByUUID, ["Uuid": $1]) }),
        ("Login", { try $0.request(.setLogin, ["Url": "https://a.example/", "Login": $1]) }),
        ("Name", { try $0.request(.setLogin, ["Url": "https://a.example/", "Name": $1]) }),
        ("saved Url", { try $0.request(.setLogin, ["Url": $1, "Login": "a"]) }),
        ("Password", { try $0.request(.setLogin, ["Url": "https://a.example/", "Password": $1]) }),
        (
            "a field's name",
            { try $0.request(.setLogin, ["Url": "x"], stringFields: [(key: $1, value: "a")]) }
        ),
        ("a field", { try $0.request(.setLogin, ["Url": "x"], stringFields: [(key: "a", value: $1)]) }),
    ]

    // Below 1 s in a debug build by itself, minutes where anything costs the square of the length. The work is done on
    // several threads, so that no thread's processor time tells.
    @Test(.timeLimit(.minutes(2)), arguments: bodies.indices)
    func `it is answered soon`(place: Int) async throws {
        let body = Self.bodies[place].1
        let fixture = await OperationsFixture()
        await fixture.vault.put(.at("https://a.example/", "a", username: "me"))
        let bytes = try body(fixture.client, Self.marks)
        _ = try await fixture.verified(fixture.client, bytes, .deny)
    }
}
