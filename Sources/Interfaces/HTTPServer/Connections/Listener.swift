// SPDX-License-Identifier: Apache-2.0

package import ConcurrencyTools
package import Linux
package import Logging
import NIOCore
import NIOExtras
import NIOHTTP1
import NIOPosix
package import Operations
import ServiceLifecycle

/// Serves HTTP on one socket.
///
/// Every connection is checked before a byte of it is read: one from another user, or of unknown origin, is closed. At
/// graceful shutdown, connections that wait for their peer close at once, and those that wait for our answer close when
/// they have it.
package struct Listener: Service {
    private let socket: ListeningSocket
    private let limit: ConnectionLimit
    private let budget: BodyBudget
    private let reader: RequestReader
    private let log: AdmissionLog
    private let tls: CurrentValue<TLSIdentity>?

    /// Prepares to serve a socket, which holds its port already.
    ///
    /// - Parameters:
    ///   - socket: One of `ListeningSocket.open`.
    ///   - options: Its options: for each request and each new connection, those that hold at that moment.
    ///   - tls: What to serve new connections of HTTPS with; nil for plain HTTP.
    ///   - limit: The count of connections, one for all listeners of a daemon.
    ///   - budget: The memory for bodies, likewise.
    ///   - handler: Answers the protocol's messages.
    ///   - logger: For what happens to connections; never for what is in them.
    package init(
        socket: ListeningSocket,
        options: CurrentValue<ListenerOptions> = CurrentValue(ListenerOptions()),
        tls: CurrentValue<TLSIdentity>? = nil,
        limit: ConnectionLimit,
        budget: BodyBudget,
        handler: any MessageHandler,
        logger: Logger
    ) {
        self.socket = socket
        self.tls = tls
        log = AdmissionLog(logger: logger)
        self.limit = limit
        self.budget = budget
        reader = RequestReader(
            current: options,
            handler: handler,
            logger: logger
        )
    }

    /// Serves until graceful shutdown or cancellation.
    package func run() async throws {
        guard let number = socket.take() else { return }
        let quiescing = ServerQuiescingHelper(group: MainLoop.eventLoop)
        let server = try await ServerBootstrap(group: MainLoop.eventLoop)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        quiescing.makeServerChannelHandler(channel: channel),
                        // Without a free descriptor it tries again after a while.
                        AcceptBackoffHandler(shouldForwardIOErrorCaught: false)
                    )
                }
            }
            .childChannelInitializer { admit($0) }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // No more than a connection's share of the memory for bodies is read at once.
            .childChannelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(
                    minimum: 1024,
                    initial: 4096,
                    maximum: HTTPLimits.bodyShare
                )
            )
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .withBoundSocket(number)
            .get()
        reader.logger.info(
            "Listening",
            metadata: ["address": "\(socket.address)", "scheme": tls == nil ? "http" : "https"]
        )
        let stop: @Sendable () -> Void = { quiescing.initiateShutdown(promise: nil) }
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await server.closeFuture.get()
            } onGracefulShutdown: {
                stop()
            }
        } onCancel: {
            stop()
        }
        // Whoever waits gets an answer first.
        let ended = MainLoop.eventLoop.makePromise(of: Void.self)
        quiescing.initiateShutdown(promise: ended)
        try? await ended.futureResult.get()  // the socket has been closed already
    }

    /// Decides about a new connection: served, refused in words, or closed before a byte is read.
    private func admit(_ channel: any Channel) -> EventLoopFuture<Void> {
        // NIO's sockets pass to programs that we start; callers' connections are none of theirs.
        try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
            Descriptor.closeOnExec($0)
        }  // a channel without a descriptor has none to pass on
        let peer = Peer(of: channel)
        guard let peer, peer.owner.uid == reader.options.uid else {
            log.note(peer == nil ? .vanished : .foreign)
            channel.close(promise: nil)
            return channel.eventLoop.makeSucceededVoidFuture()
        }
        let admission = limit.enter { Self.cut(channel) }
        channel.closeFuture.whenComplete { [limit] _ in limit.leave(admission) }
        switch admission {
        case .served(let place):
            peer.noteHolders()
            return channel.eventLoop.makeCompletedFuture { try serve(channel, peer: peer, place: place) }
        case .refused:
            log.note(.tooMany)
            return channel.eventLoop.makeCompletedFuture {
                try encrypt(channel)
                try channel.pipeline.syncOperations.addHandler(RefusalHandler(options: reader.options))
            }
        case .closed:
            channel.close(promise: nil)
            return channel.eventLoop.makeSucceededVoidFuture()
        }
    }

    /// Closes a connection below the encryption, which would wait for its peer's close_notify.
    private static func cut(_ channel: any Channel) {
        guard channel.eventLoop.inEventLoop else { return channel.eventLoop.execute { cut(channel) } }
        let socket = try? channel.pipeline.syncOperations.context(handlerType: ByteObserver.self)
        if let socket { socket.close(promise: nil) } else { channel.close(promise: nil) }  // being set up
    }

    /// Lets everything that is added after it see decrypted bytes, if anything is encrypted.
    private func encrypt(_ channel: any Channel) throws {
        guard let tls else { return }
        try channel.pipeline.syncOperations.addHandler(tls.value.handler())
    }

    /// Sets up HTTP on a connection.
    ///
    /// The deadline of the first head counts from here, so that a handshake is part of it.
    private func serve(_ channel: any Channel, peer: Peer, place: ConnectionSlot) throws {
        try encrypt(channel)
        let pipeline = channel.pipeline.syncOperations
        let isEncrypted = tls != nil
        let handler = ConnectionHandler(
            reader: reader,
            peer: peer,
            body: RequestBody(budget: budget, longest: reader.options.maximumBody),
            place: place,
            isEncrypted: isEncrypted
        )
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = HTTPLimits.headerField
        limits.maxHeaderListSize = HTTPLimits.headerList
        limits.maxHeaderFieldCount = HTTPLimits.headerFields
        let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
        let decoding = ByteToMessageHandler(decoder, maximumBufferSize: 2 * HTTPLimits.headerList)
        try pipeline.addHandler(
            ByteObserver(telling: handler, isFirst: true, isLast: !isEncrypted),
            position: .first
        )
        if isEncrypted {
            try pipeline.addHandler(ByteObserver(telling: handler, isFirst: false, isLast: true))
        }
        try pipeline.addHandlers([decoding, handler])
    }
}

extension Peer {
    /// Looks up the other end of a connection that was just accepted.
    fileprivate convenience init?(of channel: any Channel) {
        guard let local = channel.localAddress.flatMap({ InternetAddress($0) }),
            let remote = channel.remoteAddress.flatMap({ InternetAddress($0) })
        else { return nil }
        self.init(local: local, remote: remote)
    }
}

extension InternetAddress {
    fileprivate init?(_ address: SocketAddress) {
        guard let text = address.ipAddress, let port = address.port else { return nil }
        self.init(text, port: UInt16(truncatingIfNeeded: port))
    }
}
