// SPDX-License-Identifier: Apache-2.0

import BusInterface
import BusService
import ConcurrencyTools
import DBus
import HTTPServer
import KeePassHTTP
import Linux
import Logging
import Operations
import SecureMemory
import ServiceLifecycle
import Settings

/// Keeps the sockets that systemd passed while the configuration can't be used, and tells so to whoever asks, there and on
/// the bus.
///
/// Were the daemon to end, systemd would start it again for the connection that still waits, until it gives up and lets
/// go of the port, which any program could then take. It ends by itself, with success, once the configuration can be
/// used: the next connection starts it anew, with the same sockets.
struct UnconfiguredService: Sendable {
    private let sockets: [ListeningSocket]
    /// The file's absolute path; nil for the person's own.
    private let path: String?
    private let logger: Logger

    /// Takes over what systemd passed; nil where it passed nothing that can be served, so that the daemon may just end.
    init?(path: String?, logger: Logger) {
        let adopted = Listeners.adopt()
        // Why it can't be served is told once the configuration can be used.
        guard !adopted.isEmpty,
            let sockets = try? ListeningSocket.open(port: 0, adopted: adopted, logger: logger)
        else { return nil }
        self.sockets = sockets
        self.path = path
        self.logger = logger
    }

    /// Answers 503 until the configuration can be used or the daemon is told to stop; it is looked at when it changes, at
    /// each request and at each of `hangups`.
    func run(
        _ problem: ConfigurationProblem,
        hangups: AsyncStream<Int32>,
        until stops: AsyncStream<Int32>
    ) async throws {
        let (requests, asked) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let problem = CurrentValue(problem)
        let handler = UnconfiguredHandler(problem: problem) { asked.yield() }
        let (limit, budget) = (ConnectionLimit(), BodyBudget())
        let listeners: [any Service] = sockets.map { socket in
            Listener(
                socket: socket,
                limit: limit,
                budget: budget,
                handler: handler,
                logger: logger
            )
        }
        let file = path ?? Folders.ofProcess().configurationFile
        // Without the watch, each request has the file read again.
        let watch = try? FileWatch(file) { asked.yield() }
        defer { _ = watch }
        let listening = BackgroundTask("looking at the configuration at SIGHUP", logger) {
            for await _ in hangups { asked.yield() }
        }
        // Beside what listens: a bus that gives no answer holds up neither that nor the end.
        let telling = BackgroundTask("telling of the mistake on the bus", logger) {
            let bus = try await withDeadline(.seconds(60)) { await takeName(problem) { asked.yield() } }
            await bus?.disconnected()
            await bus?.close()
        }
        let wait = ConfigurationWait(path: path, known: problem, events: requests, logger: logger)
        let group = ServiceGroup(
            configuration: .init(
                services: (listeners + [listening, telling]).map { .init(service: $0) }
                    + [
                        .init(service: wait, successTerminationBehavior: .gracefullyShutdownGroup),
                        StopSignal(stops: stops).ending,
                    ],
                logger: logger
            )
        )
        ServiceManager.notify("READY=1\nSTATUS=The configuration can't be used: see keybell doctor")
        logger.notice("the port is kept: whoever asks is told so until the configuration can be used")
        try await group.run()
    }

    /// Has whoever calls on the bus told of the mistake; nil where there is no bus, or another daemon is on it.
    private func takeName(
        _ problem: CurrentValue<ConfigurationProblem>,
        called: @escaping @Sendable () -> Void
    ) async -> BusConnection? {
        do throws(DBusError) {
            let bus = try await BusConnection.connect(.session)
            let objects = UnconfiguredObjects(
                bus: bus,
                place: { problem.value.place },
                look: { [path] in await ConfigurationProblem.find(in: path)?.place },
                called: called
            )
            await objects.export()
            if try await bus.requestName(KeybellBus.name) { return bus }
            await bus.close()
        } catch {
            logger.notice("nobody on the bus is told of the mistake", metadata: ["why": "\(error.message)"])
        }
        return nil
    }
}

/// Why the daemon can't begin its work.
struct ConfigurationProblem: Error, Equatable, Sendable {
    /// For the log: the file, the place in it and what to do.
    let text: String
    /// For whoever asks: the place, without a path.
    let place: String

    /// Looks whether a configuration can be used; nil if so.
    static func find(in path: String?) async -> ConfigurationProblem? {
        switch await FoundConfiguration.find(path) {
        case .success: nil
        case .failure(let problem): problem
        }
    }

    init(_ error: ConfigurationError) {
        text = "\(error)"
        place = error.place
    }

    init(_ error: TLSIdentityError, path: String?) {
        let file = path ?? Folders.ofProcess().configurationFile
        text =
            "\(file): http.certificate, http.private_key: \(error). `keybell certificate` makes a local one."
        place = "http.certificate, http.private_key"
    }

    /// The disk doesn't give the file, or what it names.
    init(unreadable path: String?) {
        let file = path ?? Folders.ofProcess().configurationFile
        text = "\(file): it can't be read in time: does the disk hang?"
        place = "it can't be read"
    }
}

/// Waits until a configuration that could not be used can be.
private struct ConfigurationWait: Service {
    let path: String?
    /// What whoever asks is told.
    let known: CurrentValue<ConfigurationProblem>
    /// Each time that it may have become another.
    let events: AsyncStream<Void>
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in events {
                guard let problem = await ConfigurationProblem.find(in: path) else {
                    return logger.notice(
                        "the configuration can be used now: the next request starts keybelld anew"
                    )
                }
                guard problem != known.value else { continue }
                known.replace(with: problem)
                logger.error("\(problem.text)")
            }
        }
    }
}

/// Answers that the configuration has a mistake, and where.
private struct UnconfiguredHandler: MessageHandler {
    let problem: CurrentValue<ConfigurationProblem>
    let asked: @Sendable () -> Void

    func answer(_ body: WipedBytes, from requester: any Requester) async -> EncodedReply {
        asked()
        let error = "Keybell's configuration can't be used (\(problem.value.place)): run keybell doctor."
        let reply = KeePassHTTP.Reply(
            failing: nil,
            error: error,
            version: ClientRules().version,
            hash: nil
        )
        return EncodedReply(status: 503, body: reply.encoded())
    }

    func hash() async -> String? { nil }
}
