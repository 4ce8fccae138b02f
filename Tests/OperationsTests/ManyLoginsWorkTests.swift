// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import KeePassHTTP
import NIOCore
import Synchronization
import Testing
import Vault

@testable import Operations

/// What takes time in proportion to a vault is done beside the thread that serves.
@Suite(.timeLimit(.minutes(2))) struct ManyLoginsWorkTests {
    /// Where entries were made for a reply, and where it was recorded.
    private final class Places: Sendable {
        let onServingThread = Mutex<[Bool]>([])

        func note() {
            let isServing = MainLoop.eventLoop.inEventLoop
            onServingThread.withLock { $0.append(isServing) }
        }
    }

    private static func places(
        of type: RequestType,
        _ field: String,
        logins: Int
    ) async throws -> [Bool] {
        var fixture = await OperationsFixture(rules: {
            $0.bulkAccess = .never; $0.access = .never
        })
        for number in 0..<logins {
            await fixture.vault.put(.at("https://example.org/", "example.org \(number)"))
        }
        let places = Places()
        let records = fixture.records
        fixture.change {
            $0.audit = { event, fields in
                places.note()
                return records.keep(event, fields)
            }
        }
        let pending = try fixture.sending(
            fixture.client,
            fixture.client.request(type, [field: "example.org"])
        )
        #expect(try await pending.value.reply.count == logins)
        return places.onServingThread.withLock { $0 }
    }

    @Test(arguments: [
        (RequestType.getAllLogins, "Url"), (.getLogins, "Url"), (.customSearch, "SearchString"),
    ])
    func `many logins are handed out beside the thread that serves, and a few on it`(
        _ type: RequestType,
        _ field: String
    ) async throws {
        #expect(try await Self.places(of: type, field, logins: ManyLoginsWork.fewLogins + 1) == [false])
        #expect(try await Self.places(of: type, field, logins: 2) == [true])
    }
}
