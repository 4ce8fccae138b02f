// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Operations
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
            #expect(try await receipt.get() == .arrived)
        }
        #expect(connection.followers == 1)
    }

    @Test func `what hasn't gone out at the end never will, nor what comes after it`() async throws {
        let (deliveries, connection) = (DeliveryTracker(), Connection())
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let receipt = deliveries.expect(on: loop, following: connection.follow)
        connection.close()
        #expect(try await receipt.get() == .notSent)
        #expect(try await deliveries.expect(on: loop, following: connection.follow).get() == .notSent)
    }

    @Test func `an answer that the kernel has taken may be with a peer that has gone`() async throws {
        let (deliveries, connection) = (DeliveryTracker(), Connection())
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        for isKnown in [true, false] {
            let receipt = deliveries.expect(on: loop, following: connection.follow)
            deliveries.begin(by: loop.makeSucceededVoidFuture(), isEncrypted: false)
            deliveries.settle(by: loop.makeSucceededVoidFuture()) {
                isKnown
                    ? loop.makeSucceededFuture(false)
                    : loop.makeFailedFuture(ChannelError.ioOnClosedChannel)
            }
            #expect(try await receipt.get() == .uncertain)
        }
    }

    @Test(arguments: [
        (true, false, DeliveryOutcome.uncertain), (false, false, .notSent), (false, true, .uncertain),
    ])
    func `an answer that broke off may be there in part, once its head is out or where that can't be told`(
        headIsOut: Bool,
        isEncrypted: Bool,
        outcome: DeliveryOutcome
    ) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let failed: EventLoopFuture<Void> = loop.makeFailedFuture(ChannelError.ioOnClosedChannel)
        for endIsWritten in [true, false] {
            let (deliveries, connection) = (DeliveryTracker(), Connection())
            let receipt = deliveries.expect(on: loop, following: connection.follow)
            let head = headIsOut ? loop.makeSucceededVoidFuture() : failed
            // As on the connection's own loop, where whoever waits for it hears of it before anything else happens.
            try await loop.submit { deliveries.begin(by: head, isEncrypted: isEncrypted) }.get()
            if endIsWritten {
                deliveries.settle(by: failed) { loop.makeSucceededFuture(true) }
            } else {
                connection.close()
            }
            #expect(try await receipt.get() == outcome)
        }
    }

    @Test func `what was begun of an answer says nothing of the next`() async throws {
        let (deliveries, connection) = (DeliveryTracker(), Connection())
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let first = deliveries.expect(on: loop, following: connection.follow)
        deliveries.begin(by: loop.makeSucceededVoidFuture(), isEncrypted: true)
        deliveries.settle(by: loop.makeSucceededVoidFuture()) { loop.makeSucceededFuture(true) }
        #expect(try await first.get() == .arrived)
        let second = deliveries.expect(on: loop, following: connection.follow)
        connection.close()
        #expect(try await second.get() == .notSent)
    }
}
