// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import Testing
import TestSupport

/// The built daemon with a keyring that takes a while to be read.
@Suite struct DaemonBigKeyringTests {
    @Test func `who needs no login isn't kept waiting while a thousand of them are read`() async throws {
        let keyring = try await KeyringSession(logins: 1000)
        let session = try await DaemonSession("[save]\nask = \"never\"\n", on: keyring.bus)
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        try await session.stop()
        try await session.start()

        let order = Observed<[String]>([])
        async let count = {
            let reply = try await client.ask(.getLoginsCount, [("Url", "https://host7.example/")])
            order.update { $0.append("count") }
            return reply.count
        }()
        #expect(try await client.ask(.testAssociate).success)
        order.update { $0.append("associate") }
        // Made while the others are being read, and served with them.
        try await keyring.storeOutside(
            "New",
            ["xdg:schema": "org.keybell.Login", "url": "https://new.example/"],
            secret: "x"
        )
        #expect(try await count == 1)
        #expect(order.now == ["associate", "count"])
        #expect(try await client.ask(.getLoginsCount, [("Url", "https://new.example/")]).count == 1)
    }
}
