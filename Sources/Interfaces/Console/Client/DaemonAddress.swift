// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import DisplayText
import Glibc
import KeePassHTTP
import Linux
import NIOCore

/// The daemon's port on this machine.
struct DaemonAddress: Sendable {
    let port: UInt16
    let daemon: DaemonBus

    /// As long as the daemon may wait for the person, an overwrite's second question included.
    private static let timeout = TimeAmount.minutes(15)

    /// Sends a request and reads the answer; on 127.0.0.1 or, if nobody listens there, on ::1.
    func exchange(_ request: OutgoingRequest, key: ClientKey) async throws(ConsoleError) -> IncomingReply {
        let (nonce, body): (Nonce, [UInt8])
        do {
            nonce = .random()
            body = try request.encoded(with: key, nonce: nonce)
        } catch {
            throw .refused("The request can't be encrypted: \(error).")
        }
        let bytes = try await post(body)
        do throws(ReplyError) {
            return try IncomingReply(parsing: bytes, key: key, answering: nonce)
        } catch .unverified {
            throw .refused(
                "The answer isn't signed with our key; nothing in it is used. Who listens on port \(port)?"
            )
        } catch .replayed {
            throw .refused(
                "Something other than Keybell answers on port \(port): it sent back a message that it had seen before. "
                    + "Nothing in it is used. `keybell doctor` says who listens there."
            )
        } catch {
            throw .refused("What listens on port \(port) doesn't speak the protocol: is it Keybell?")
        }
    }

    /// A loopback address at which the daemon listens, and its socket there.
    struct Place {
        let host: String
        let socket: UInt64

        /// The address as a URL has it.
        var urlHost: String { host.contains(":") ? "[\(host)]" : host }
    }

    /// The first loopback address at which the daemon listens.
    ///
    /// Nothing is sent to anybody else: a program that has taken the port while the daemon doesn't run would get the key of
    /// an associate, and by that key whatever is sent later.
    /// - Throws: Also where it can't be found out who listens.
    func place() async throws(ConsoleError) -> Place {
        var places: [Place] = []
        for host in ["127.0.0.1", "::1"] {
            if let socket = try listener(on: host) { places.append(Place(host: host, socket: socket)) }
        }
        guard let first = places.first else {
            throw .unreachable(
                "Nobody listens on port \(port). Start Keybell with `systemctl --user start keybell`, or run keybelld; "
                    + "`keybell doctor` finds what is in the way."
            )
        }
        var sockets = try await daemon.listeningSockets()
        if sockets == nil {
            // Where the bus can't start it, systemd does for a connection to what it holds.
            _ = await Self.saysKeybell(first.host, port: port)
            sockets = try await daemon.listeningSockets()
        }
        guard let sockets else {
            throw .unreachable(
                "Port \(port) is taken, and no Keybell is on this session bus, so nothing was sent. Start Keybell with "
                    + "`systemctl --user start keybell`, or run keybelld; `keybell doctor` says who has the port."
            )
        }
        guard let place = places.first(where: { sockets.contains($0.socket) }) else {
            throw .refused(
                "Something other than the Keybell on this session bus listens on port \(port), so nothing was sent. "
                    + "`keybell doctor` says what it is."
            )
        }
        return place
    }

    private func post(_ body: [UInt8]) async throws(ConsoleError) -> [UInt8] {
        let place = try await place()
        do {
            return try await post(body, to: place)
        } catch {
            let text = "\(Self.trouble(error, port: port)) `journalctl --user -u keybell` may say why."
            // One that takes the connection is there.
            throw Self.isLate(error) ? .refused(text) : .unreachable(text)
        }
    }

    private static func isLate(_ error: any Error) -> Bool {
        switch error as? HTTPClientError {
        case .deadlineExceeded?, .readTimeout?, .writeTimeout?: true
        default: false
        }
    }

    /// What went wrong with a connection, as a sentence.
    static func trouble(_ error: any Error, port: UInt16) -> String {
        switch error as? HTTPClientError {
        case .remoteConnectionClosed?:
            "Keybell has closed the connection without an answer, as it does when it is stopped or started again: try again."
        case _ where isLate(error):
            "Keybell on port \(port) didn't answer in time: try again."
        case .connectTimeout?, .getConnectionFromPoolTimeout?:
            "Keybell on port \(port) takes no connection: it may be busy; try again."
        default: "The connection to Keybell on port \(port) broke off: try again."
        }
    }

    private func post(_ body: [UInt8], to place: Place) async throws -> [UInt8] {
        try await HTTPClient.withHTTPClient(configuration: Self.plain) { client in
            let response = try await client.post(
                url: "http://\(place.urlHost):\(port)/",
                // What listens now as it did before has taken the connection that has been made in between.
                body: .stream(contentLength: Int64(body.count)) { writer in
                    guard socket(on: place.host) == place.socket else {
                        return client.eventLoopGroup.next().makeFailedFuture(HTTPClientError.cancelled)
                    }
                    return writer.write(.byteBuffer(ByteBuffer(bytes: body)))
                },
                deadline: .now() + Self.timeout
            ).get()
            return response.body.map { Array($0.readableBytesView) } ?? []
        }
    }

    private static var plain: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(5)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.redirectConfiguration = .disallow
        return configuration
    }

    /// Whether what listens on an address calls itself Keybell; nothing but a GET is sent.
    static func saysKeybell(_ host: String, port: UInt16) async -> Bool {
        let url = "http://\(Place(host: host, socket: 0).urlHost):\(port)/"
        // What doesn't answer isn't Keybell, for whatever reason.
        let text = try? await HTTPClient.withHTTPClient(configuration: plain) { client in
            let response = try await client.get(url: url, deadline: .now() + .seconds(5)).get()
            return response.body.map { String(buffer: $0) }
        }
        // What doesn't answer like this isn't Keybell.
        return text?.hasPrefix("This is Keybell") ?? false
    }

    /// The socket that listens on an address; nil where none does, or that can't be found out.
    private func socket(on host: String) -> UInt64? {
        // Then nothing is sent.
        InternetAddress(host, port: port).flatMap { try? SocketTable.listener(on: $0) }?.inode
    }

    /// The socket of our user that listens on an address; nil where nobody does.
    private func listener(on host: String) throws(ConsoleError) -> UInt64? {
        guard let address = InternetAddress(host, port: port) else { return nil }
        let listener: SocketOwner?
        do {
            listener = try SocketTable.listener(on: address)
        } catch {
            throw .refused(
                "Who listens on port \(port) can't be found out (\(error)), so nothing was sent. Is /proc mounted?"
            )
        }
        guard let listener else { return nil }
        guard listener.uid == getuid() else {
            throw .refused(
                "Port \(port) belongs to another user of this machine, so nothing was sent. "
                    + "Give Keybell another port: [http] port in its configuration."
            )
        }
        return listener.inode
    }
}
