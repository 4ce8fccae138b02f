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

    /// The first loopback address that our user serves.
    func host() throws(ConsoleError) -> String {
        for host in ["127.0.0.1", "::1"] where try isServed(host) {
            return host.contains(":") ? "[\(host)]" : host
        }
        throw .unreachable(
            "Nobody listens on port \(port). Start Keybell with `systemctl --user start keybell`, or run keybelld; "
                + "`keybell doctor` finds what is in the way."
        )
    }

    private func post(_ body: [UInt8]) async throws(ConsoleError) -> [UInt8] {
        let host = try host()
        do {
            return try await post(body, to: host)
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

    private func post(_ body: [UInt8], to host: String) async throws -> [UInt8] {
        try await HTTPClient.withHTTPClient(configuration: Self.plain) { client in
            let response = try await client.post(
                url: "http://\(host):\(port)/",
                body: .byteBuffer(ByteBuffer(bytes: body)),
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
    func saysKeybell(_ host: String) async -> Bool {
        let url = "http://\(host.contains(":") ? "[\(host)]" : host):\(port)/"
        // What doesn't answer isn't Keybell, for whatever reason.
        let text = try? await HTTPClient.withHTTPClient(configuration: Self.plain) { client in
            let response = try await client.get(url: url, deadline: .now() + .seconds(5)).get()
            return response.body.map { String(buffer: $0) }
        }
        // What doesn't answer like this isn't Keybell.
        return text?.hasPrefix("This is Keybell") ?? false
    }

    /// Whether somebody listens on an address; another user who does is never sent anything: associate shows the key.
    private func isServed(_ host: String) throws(ConsoleError) -> Bool {
        guard let address = InternetAddress(host, port: port) else { return false }
        let listener: SocketOwner?
        do {
            listener = try SocketTable.listener(on: address)
        } catch {
            return true  // the tables can't be read; whether anybody listens shows when we connect
        }
        guard let listener else { return false }
        guard listener.uid == getuid() else {
            throw .refused(
                "Port \(port) belongs to another user of this machine, so nothing was sent. "
                    + "Give Keybell another port: [http] port in its configuration."
            )
        }
        return true
    }
}
