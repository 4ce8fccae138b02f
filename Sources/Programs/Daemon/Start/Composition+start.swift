// SPDX-License-Identifier: Apache-2.0

import BusInterface
import Clients
import DBus
import HTTPServer
import Linux
import Logging
import Settings

extension Composition {
    static func connect(identifying: BusConnection? = nil) async throws(StartError) -> BusConnection {
        do throws(DBusError) {
            return try await BusConnection.connect(.session, identifying: identifying)
        } catch {
            throw .noBus(error.message)
        }
    }

    /// The sockets that systemd passed, or those of the configured port.
    static func listen(
        _ http: HTTPSettings,
        bus: BusConnection,
        logger: Logger
    ) async throws(StartError) -> [ListeningSocket] {
        do throws(ListenerError) {
            let adopted = Listeners.adopt()
            let sockets = try ListeningSocket.open(port: UInt16(http.port), adopted: adopted, logger: logger)
            let held = Set(sockets.map { Int($0.address.port) }).sorted()
            if !adopted.isEmpty, held != [http.port] {
                logger.warning(
                    "systemd holds another port than the configuration's: run `keybell socket` to have it hold that one",
                    metadata: [
                        "held": "\(held.map { String($0) }.joined(separator: ", "))",
                        "configured": "\(http.port)",
                    ]
                )
            }
            return sockets
        } catch {
            throw .port("\(error)", runsAlready: await Self.runningDaemon(on: bus))
        }
    }

    /// The sockets of HTTPS; systemd passes none.
    static func listenEncrypted(
        _ http: HTTPSettings,
        logger: Logger
    ) throws(StartError) -> [ListeningSocket] {
        do throws(ListenerError) {
            return try ListeningSocket.open(port: UInt16(http.tlsPort), logger: logger)
        } catch {
            throw .tlsPort("\(error)")
        }
    }

    /// Takes the bus name, the last thing before the daemon serves.
    static func takeName(on bus: BusConnection) async throws(StartError) {
        do throws(DBusError) {
            if try await bus.requestName(KeybellBus.name) { return }
        } catch {
            throw .noBus(error.message)
        }
        throw .runsAlready(pid: await runningDaemon(on: bus))
    }

    /// The process that has our bus name, if one has.
    private static func runningDaemon(on bus: BusConnection) async -> Int32? {
        // Nobody has it, or the bus is going: then there is no more to say.
        guard let owner = try? await bus.owner(of: KeybellBus.name) else { return nil }
        // Its process may have ended since: then it is told of without its number.
        return try? await bus.credentials(of: owner).pid
    }
}
