// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import HTTPServer

@Suite(.timeLimit(.minutes(1))) struct ReceiptTests {
    /// Hears of a connection's end, as the channel tells of it.
    private final class Connection: Sendable {
        private let ends = Mutex<[@Sendable () -> Void]>([])

        var followers: Int { ends.withLock { $0.count } }

        func follow(_ ended: @escaping @Sendable () -> Void) { ends.withLock { $0.append(ended) } }

        func close() { for end in ends.withLock(\.self) { end() } }
    }

    @Test func `a connection's end is awaited once, however many answers it carries`() async throws {
        let (deliveries, connection) = (DeliveryTracker(), Connection())
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        for _ in 0..<1000 {
            let receipt = deliveries.expect(on: loop, following: connection.follow)
            deliveries.settle(by: loop.makeSucceededVoidFuture()) { loop.makeSucceededFuture(true) }
            #expect(try await receipt.get())
        }
        #expect(connection.followers == 1)
    }

    @Test func `what hasn't gone out at the end never will, nor what comes after it`() async throws {
        let (deliveries, connection) = (DeliveryTracker(), Connection())
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let receipt = deliveries.expect(on: loop, following: connection.follow)
        connection.close()
        #expect(try await !receipt.get())
        #expect(try await !deliveries.expect(on: loop, following: connection.follow).get())
    }
}
