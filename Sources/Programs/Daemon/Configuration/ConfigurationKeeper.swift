// SPDX-License-Identifier: Apache-2.0

import BusService
import ConcurrencyTools
import FoundationEssentials
import HTTPServer
import Linux
import Logging
import Operations
import Settings

/// Reads the configuration anew when it is told to, and puts it in force.
///
/// One reading after the other. Whatever could be wrong with a configuration is found before any of it is put in force.
actor ConfigurationKeeper: MainLoopActor, ConfigurationService {
    /// What listens, and goes by the configuration, too.
    struct Listening: Sendable {
        let options: CurrentValue<ListenerOptions>
        /// What HTTPS is served with; nil where it isn't.
        let identity: CurrentValue<TLSIdentity>?
        /// The sockets of plain HTTP, by the kernel's numbers.
        let sockets: [UInt64]
    }

    /// The file's absolute path; nil for the person's own.
    private let path: String?
    /// The configuration that the daemon was started with, which says what it listens on.
    private let first: Configuration
    private let components: Components
    private let listening: Listening
    private let logger: Logger
    /// The readings, one after the other.
    private var line = SerialTaskQueue()

    init(path: String?, components: Components, listening: Listening, logger: Logger) {
        (self.path, self.components, self.listening, self.logger) = (path, components, listening, logger)
        first = components.configuration.value
    }

    nonisolated func changes() -> AsyncStream<Void> {
        components.configuration.changes()
    }

    func reload() async throws(ReloadError) -> ReloadReport {
        try await line.join { await self.readAnew() }.value.get()
    }

    func state() async -> ConfigurationState {
        let held = components.configuration.value
        let access = held.policy.standard.access
        var state = ConfigurationState(
            file: path ?? Folders.ofProcess().configurationFile,
            isCurrent: false,
            afterRestart: held.keysAfterRestart(startedWith: first),
            // Both are taken up by a restart alone.
            port: first.http.port,
            sockets: listening.sockets,
            collection: first.keyring.collection,
            isNotifierOn: held.approval.notifier,
            hasDisplay: Display.isNamed(in: ProcessInfo.processInfo.environment),
            access: access.rawValue,
            clientAccess: held.policy.exceptions.mapValues(\.access).filter { $0.value != access }
                .mapValues(\.rawValue),
            useless: held.uselessSettings.map { "\($0.key): \($0.text). \($0.cure)" }
        )
        switch await FoundConfiguration.find(path) {
        case .success(let found): state.isCurrent = found.configuration == held
        case .failure(let problem): state.problem = problem.text
        }
        return state
    }

    private func readAnew() async -> Result<ReloadReport, ReloadError> {
        switch await FoundConfiguration.find(path) {
        case .success(let found): return .success(await apply(found))
        case .failure(let problem):
            logger.error(
                "the configuration can't be used: the one before stays in force",
                metadata: ["why": "\(problem.text)"]
            )
            ServiceManager.notify("STATUS=The configuration has a mistake, and the one before is in force")
            return .failure(ReloadError(problem.text))
        }
    }

    private func apply(_ found: FoundConfiguration) async -> ReloadReport {
        let new = found.configuration
        let report = ReloadReport(
            changed: new.tables(unlike: components.configuration.value),
            afterRestart: new.keysAfterRestart(startedWith: first)
        )
        await components.apply(new)
        listening.options.replace(with: new.listenerOptions)
        if let identity = found.identity { listening.identity?.replace(with: identity) }
        logger.notice(
            "the configuration was read anew",
            metadata: [
                "changed": "\(report.changed.isEmpty ? "nothing" : report.changed.joined(separator: ", "))"
            ]
        )
        if !report.afterRestart.isEmpty {
            logger.warning(
                "these take effect after a restart",
                metadata: ["keys": "\(report.afterRestart.joined(separator: ", "))"]
            )
        }
        ServiceManager.notify("STATUS=Waiting for requests")
        new.tell(logger)
        return report
    }
}

/// A configuration that can be used, with what HTTPS is to be served with.
struct FoundConfiguration: Sendable {
    let configuration: Configuration
    let identity: TLSIdentity?

    /// How long a disk may take for the file and what it names.
    private static let deadline = Duration.seconds(10)
    private static let reading = BlockingWork(label: "org.keybell.configuration")

    /// The same as `read`, but off the queue that serves, and never for longer than a disk may take; a stop meanwhile
    /// makes no difference to what is found.
    static func find(_ path: String?) async -> Result<FoundConfiguration, ConfigurationProblem> {
        await reading(within: deadline) { read(path) } ?? .failure(ConfigurationProblem(unreadable: path))
    }

    /// Reads the file and the certificate that it names.
    static func read(_ path: String?) -> Result<FoundConfiguration, ConfigurationProblem> {
        var configuration: Configuration
        do throws(ConfigurationError) {
            configuration = try Configuration.load(path: path)
        } catch {
            return .failure(ConfigurationProblem(error))
        }
        do throws(TLSIdentityError) {
            let identity = try identity(configuration.http)
            configuration.http.certificate?.chain = identity?.chain ?? []
            return .success(FoundConfiguration(configuration: configuration, identity: identity))
        } catch {
            return .failure(ConfigurationProblem(error, path: path))
        }
    }

    /// What HTTPS is served with, where that is configured.
    private static func identity(_ http: HTTPSettings) throws(TLSIdentityError) -> TLSIdentity? {
        guard let certificate = http.certificate else { return nil }
        return try TLSIdentity(certificate: certificate.file, privateKey: certificate.privateKey)
    }
}
