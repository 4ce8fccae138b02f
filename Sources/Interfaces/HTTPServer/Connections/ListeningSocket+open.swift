// SPDX-License-Identifier: Apache-2.0

package import Callers
import Glibc
package import Linux
package import Logging

/// Why the daemon can't listen.
package enum ListenerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The address can be reached from elsewhere, or isn't an address.
    case notLoopback(String)

    /// Somebody else has the port.
    case portTaken(InternetAddress, PortHolder?)

    /// This computer has none of the addresses.
    case noAddress

    /// The kernel said no.
    case failed(String, SystemCallError)

    /// What is wrong, and why it matters, for the log and the person.
    package var description: String {
        switch self {
        case .notLoopback(let address):
            "Keybell doesn't listen on \(address): only loopback addresses can't be reached by other computers"
        case .portTaken(let address, let holder):
            "\(address) is taken by \(holder.map { "\($0)" } ?? "another program")"
        case .noAddress:
            "This computer has neither 127.0.0.1 nor ::1"
        case .failed(let address, let error):
            "Keybell can't listen on \(address): \(error)"
        }
    }
}

extension ListeningSocket {
    /// Opens the sockets to listen on, or takes over those that the service manager opened.
    ///
    /// - Parameters:
    ///   - port: The port; 0 for a free one, the same on all addresses.
    ///   - hosts: Loopback addresses; one that this computer lacks is left out and logged.
    ///   - adopted: What `Listeners.adopt()` gave; if there are any, nothing else is opened.
    ///   - logger: For addresses that are left out.
    /// - Returns: At least one.
    /// - Throws: Also if only one of several can't be opened, unless this computer lacks it.
    package static func open(
        port: UInt16,
        hosts: [String] = ["127.0.0.1", "::1"],
        adopted: [AdoptedSocket] = [],
        logger: Logger
    ) throws(ListenerError) -> [ListeningSocket] {
        guard adopted.isEmpty else {
            var sockets: [ListeningSocket] = []
            for passed in adopted { sockets.append(try adopt(passed)) }
            return sockets
        }
        return try open(port: port, hosts: hosts, logger: logger) { address throws(SystemCallError) in
            try ListeningSocket(binding: address)
        }
    }

    /// Opens sockets by a given way of binding one.
    static func open(
        port: UInt16,
        hosts: [String],
        logger: Logger,
        bind: (InternetAddress) throws(SystemCallError) -> ListeningSocket
    ) throws(ListenerError) -> [ListeningSocket] {
        var sockets: [ListeningSocket] = []
        for host in hosts {
            let port = sockets.first?.address.port ?? port
            guard let address = InternetAddress(host, port: port), address.isLoopback else {
                throw .notLoopback(host)
            }
            do throws(SystemCallError) {
                sockets.append(try bind(address))
            } catch {
                switch error.code {
                case EADDRNOTAVAIL, EAFNOSUPPORT:
                    logger.warning(
                        "Address left out: this computer lacks it",
                        metadata: ["address": "\(address)"]
                    )
                case EADDRINUSE: throw .portTaken(address, PortHolder.find(on: address))
                default: throw .failed("\(address)", error)
                }
            }
        }
        guard !sockets.isEmpty else { throw .noAddress }
        return sockets
    }

    private static func adopt(_ passed: AdoptedSocket) throws(ListenerError) -> ListeningSocket {
        let name = passed.address.map { "\($0)" } ?? "the passed socket \(passed.name)"
        let socket: ListeningSocket
        do throws(SystemCallError) {
            socket = try ListeningSocket(adopting: passed)
        } catch {
            throw .failed(name, error)
        }
        guard socket.address.isLoopback else { throw .notLoopback(name) }
        return socket
    }
}
