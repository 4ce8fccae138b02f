// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Linux
import Logging
import Operations
import SecureMemory
import ServiceLifecycle
import Synchronization
import Testing

@testable import HTTPServer

/// A handler that notes what it is given, and answers what it is told.
final class Echo: MessageHandler {
    let bodies = Mutex<[String]>([])
    let deliveries = AsyncStream<DeliveryOutcome>.makeStream()
    private let work: @Sendable ([UInt8], any Requester) async -> String

    init(
        _ work: @escaping @Sendable ([UInt8], any Requester) async -> String = { body, _ in
            "\"\(body.count)\""
        }
    ) {
        self.work = work
    }

    func answer(_ body: WipedBytes, from requester: any Requester) async -> EncodedReply {
        let body = body.consume { $0.map(\.self) }
        bodies.withLock { $0.append(String(decoding: body, as: UTF8.self)) }
        let text = await work(body, requester)
        return EncodedReply(body: Array(text.utf8)) { [deliveries] in deliveries.continuation.yield($0) }
    }

    func hash() async -> String? { "0123" }

    /// What became of the next answer.
    func delivery() async -> DeliveryOutcome? {
        for await outcome in deliveries.stream { return outcome }
        return nil
    }
}

/// Runs a listener on a free port of loopback while a test talks to it, then stops it gracefully.
func withListener(
    _ handler: any MessageHandler = Echo(),
    options: ListenerOptions = ListenerOptions(),
    limit: ConnectionLimit = ConnectionLimit(),
    budget: BodyBudget = BodyBudget(),
    tls: TLSIdentity? = nil,
    host: String = "127.0.0.1",
    test: (UInt16) async throws -> Void
) async throws {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let sockets = try ListeningSocket.open(port: 0, hosts: [host], logger: logger)
    let socket = try #require(sockets.first)
    let listener = Listener(
        socket: socket,
        options: CurrentValue(options),
        tls: tls.map { CurrentValue($0) },
        limit: limit,
        budget: budget,
        handler: handler,
        logger: logger
    )
    let group = ServiceGroup(services: [listener], logger: logger)
    async let run: Void = group.run()
    do {
        try await test(socket.address.port)
    } catch {
        await group.triggerGracefulShutdown()
        _ = try? await run  // the test's own error is the one to see
        throw error
    }
    await group.triggerGracefulShutdown()
    try await run
}

/// A gate that a handler waits at until the test opens it, or its task is cancelled.
final class Gate: Sendable {
    private let stream = AsyncStream<Void>.makeStream()
    private let arrivals = AsyncStream<Void>.makeStream()

    func open() { stream.continuation.finish() }

    func pass() async {
        arrivals.continuation.yield()
        for await _ in stream.stream {}
    }

    func arrival() async {
        for await _ in arrivals.stream { return }
    }
}
