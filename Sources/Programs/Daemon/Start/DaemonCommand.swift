// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import BusInterface
import Glibc
import HTTPServer
package import Linux
import Logging
import SecureMemory
import Settings

/// `keybelld`: runs in the foreground and logs to standard error.
package struct DaemonCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "keybelld",
        abstract: "Answers programs that ask for passwords, after it has asked you.",
        discussion: """
            Serves the KeePassHttp protocol on localhost and puts its questions on the session bus, where a \
            notification, `keybell watch` or a program of yours answers them. Ends with status 0 on SIGTERM, with 2 \
            if the configuration can't be used, and with 1 if it can't run. Where systemd holds the port it doesn't \
            end for a bad configuration, but answers 503 until that is mended. SIGHUP has it read the configuration anew, \
            as `keybell reload` does: a mistake then leaves the one before in force.
            """,
        version: KeybellVersion.text
    )

    @Option(help: "The configuration file to use instead of ~/.config/keybell/config.toml.")
    var config: String?

    /// Made by the argument parser.
    package init() {}

    /// Runs the daemon to its end and gives its exit status.
    ///
    /// - Parameters:
    ///   - environment: Of this process.
    ///   - hardeningFailure: What `Hardening.apply` could not do.
    /// - Returns: The exit status.
    package func status(environment: [String: String], hardeningFailure: SystemCallError?) async -> Int32 {
        var logger = Logger(label: "keybelld") { _ in StandardErrorLog(environment: environment) }
        if environment["KEYBELL_DEBUG"] != nil { logger.logLevel = .debug }
        // From the first moment on: it would end the daemon.
        let hangups = ProcessSignals.stream(of: [SIGHUP], buffering: .bufferingNewest(1))
        let stops = StopSignals()
        // Others are told of it, too, who work in other folders.
        let path = config.map(WorkingFolder.absolute)
        defer { ChildProgram.terminateAll() }
        do {
            let start = { @Sendable [logger] in
                let found = try await FoundConfiguration.find(path).get()
                Self.tellHardening(hardeningFailure, logger)
                found.configuration.tell(logger)
                return try await Composition(
                    found,
                    path: path,
                    hangups: hangups,
                    folders: .ofProcess(),
                    logger: logger
                )
            }
            try await stops.unlessDuring(start)?.run(until: stops.running)
            logger.notice("stopped")
            return 0
        } catch let problem as ConfigurationProblem {
            return await refuse(problem, path, hangups, stops, logger)
        } catch {
            logger.error("\(error)")
            return 1
        }
    }

    /// Says what is wrong with the configuration, and ends; where systemd holds the port, only once that is mended.
    private func refuse(
        _ problem: ConfigurationProblem,
        _ path: String?,
        _ hangups: AsyncStream<Int32>,
        _ stops: StopSignals,
        _ logger: Logger
    ) async -> Int32 {
        logger.error("\(problem.text)")
        guard let unconfigured = UnconfiguredService(path: path, logger: logger) else { return 2 }
        do {
            try await unconfigured.run(problem, hangups: hangups, until: stops.running)
            return 0
        } catch {
            logger.error("\(error)")
            return 1
        }
    }

    /// What can't be had is said and lived without: a container may forbid any of it.
    private static func tellHardening(_ failure: SystemCallError?, _ logger: Logger) {
        defer {
            SecureHeap.whenOverflowing {
                logger.warning(
                    "the locked memory is full: further secrets are kept in ordinary memory, and wiped there"
                )
            }
        }
        if let failure { logger.warning("not hardened", metadata: ["why": "\(failure)"]) }
        SecureHeap.prepare()
        switch SecureHeap.state {
        case .locked: break
        case .notLocked: logger.warning("secrets may be swapped out: RLIMIT_MEMLOCK is too low")
        case .forbidden:
            logger.warning(
                "secrets may be swapped out: the system lets this process lock no memory; let its filter of system calls allow mlock"
            )
        case .unavailable:
            logger.warning("there is no guarded memory for secrets; they are wiped all the same")
        }
    }
}
