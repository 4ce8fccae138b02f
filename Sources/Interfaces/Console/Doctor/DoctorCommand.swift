// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BusInterface
import DBus
import Settings

/// `keybell doctor`: looks for what keeps Keybell from working.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look for what keeps Keybell from working, and say what to do.",
        discussion: """
            Works without the daemon, asks nobody anything and runs none of your commands, unless --open says so. \
            Exits with 1 if something fails.
            """
    )

    @Option(help: "The configuration file; else the usual one.")
    var config: String?

    @Flag(
        help:
            "Also open each vault that needs nobody for it: with what its password_command, which is run, prints, or by its password = \"none\" or \"empty\"."
    )
    var open = false

    @OptionGroup var output: JSONOption

    func run() async throws {
        var findings: [Finding] = []
        var daemon: DaemonProcess?
        let bus: DaemonBus?
        var answer = ConfigurationAnswer.unknown
        do throws(ConsoleError) {
            let connected = try await DaemonBus.connect()
            bus = connected
            daemon = await BusCheck.daemon(connected)
            answer = await connected.configuration()
            findings += [
                .ok("Session bus", "connected"),
                BusCheck.finding(daemon, isUnconfigured: answer == .unconfigured),
            ]
        } catch {
            bus = nil
            findings.append(
                .failure("Session bus", "none", do: error.text.split(separator: "\n").joined(separator: " "))
            )
        }
        let (configuration, read) = ConfigurationCheck.read(config ?? daemon?.configurationFile)
        findings.insert(contentsOf: [read] + ConfigurationCheck.advice(configuration), at: 0)
        var hasDisplay: Bool?
        if let bus {
            let state = answer.details
            hasDisplay = state?.hasDisplay
            findings += ConfigurationCheck.findings(state)
            findings += await KeyringCheck.findings(bus.bus, collection: configuration.keyring.collection)
            // A daemon that doesn't run, or can't tell, has no agents to count.
            let agents = try? await bus.agents(starts: false)
            // What is in force, where the daemon says it.
            let isOff = !(state?.isNotifierOn ?? configuration.approval.notifier)
            findings += await BusCheck.notifier(bus.bus, isOff: isOff, agents: agents)
            findings += (agents ?? []).compactMap { BusCheck.finding(agent: $0, isNotifierOff: isOff) }
            // A daemon that doesn't answer has been reported above.
            let vaults = try? await bus.vaults(starts: false)
            findings += (vaults ?? []).flatMap { BusCheck.findings(vault: $0) }
        }
        // Without them the configuration is checked by itself; why they can't be read is among the keyring's findings.
        let clients = daemon == nil ? nil : try? await bus?.clients(starts: false)
        findings += PolicyCheck.findings(
            configuration,
            clients: clients?.map { $0[ClientsInterface.Key.id]?.asString ?? "" }
        )
        findings += await SocketCheck.findings(port: read.level == .failure ? nil : configuration.http.port)
        // Not the default if the file names another one and is wrong elsewhere.
        let port =
            read.level == .failure
            ? Configuration.portOfFaulty(path: config ?? daemon?.configurationFile)
            : UInt16(clamping: configuration.http.port)
        findings += await PortCheck.findings(
            port: port,
            daemon: daemon,
            isConfigured: read.level != .failure,
            elsewhere: PortCheck.Elsewhere(config, answer.details)
        )
        findings += CertificateCheck.findings(configuration.http, now: Moment.now())
        findings += await VaultCheck.findings(configuration, opening: open)
        findings += await PinentryCheck.findings(configuration, daemonHasDisplay: hasDisplay)
        findings.append(StateCheck.finding())
        findings += HostsCheck.findings()
        findings.append(MemoryCheck.finding())
        findings += AuditCheck.findings(configuration.audit)
        output.json
            ? Output.json(.array(findings.map(\.json)))
            : Output.text(findings.flatMap(\.lines).joined(separator: "\n"))
        guard !findings.contains(where: { $0.level == .failure }) else { throw ExitCode(1) }
    }
}

/// The running daemon.
struct DaemonProcess: Equatable, Sendable {
    let pid: Int32
    let executable: String
    /// The file that it was told to read, if any.
    var configurationFile: String?
}
