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
        var report = DoctorReport(printsAsTheyCome: !output.json)
        var busFindings: [Finding] = []
        var daemon: DaemonProcess?
        let socket = await SystemdUnit.find(SocketCheck.name)
        let bus: DaemonBus?
        var answer = ConfigurationAnswer.unknown
        do throws(ConsoleError) {
            let connected = try await DaemonBus.connect()
            bus = connected
            daemon = await BusCheck.daemon(connected)
            answer = await connected.configuration()
            busFindings = [
                .ok("Session bus", "connected"),
                BusCheck.finding(
                    daemon,
                    isUnconfigured: answer == .unconfigured,
                    isStartedByItself: SocketCheck.startsDaemon(socket)
                ),
            ]
        } catch {
            bus = nil
            busFindings = [
                .failure("Session bus", "none", do: error.text.split(separator: "\n").joined(separator: " "))
            ]
        }
        let file = config ?? daemon?.configurationFile
        let folders = Folders.ofProcess()
        let usedFile = file ?? folders.configurationFile
        let (configuration, read) =
            await TimedLook.result { ConfigurationCheck.read(file) }
            ?? (Configuration(), TimedLook.tooLong("Configuration", at: [usedFile]))
        report.add([read])
        report.add(
            await TimedLook.findings("Configuration", at: ["a file or program that \(usedFile) names"]) {
                ConfigurationCheck.advice(configuration)
            }
        )
        report.add(busFindings)
        if let bus { await check(bus, answer, configuration, &report) }
        // Without them the configuration is checked by itself; why they can't be read is among the keyring's findings.
        let clients = daemon == nil ? nil : try? await bus?.clients(starts: false)
        if let clients {
            // Vaults that the daemon doesn't tell of aren't missed.
            let vaults = try? await bus?.vaults(starts: false).map {
                $0[VaultsInterface.Key.name]?.asString ?? ""
            }
            report.add(clients.flatMap { ClientCheck.findings(client: $0, vaults: vaults) })
        }
        report.add(
            PolicyCheck.findings(
                configuration,
                clients: clients?.map { $0[ClientsInterface.Key.id]?.asString ?? "" }
            )
        )
        let isConfigured = read.level != .failure
        report.add(
            SocketCheck.finding(socket, port: isConfigured ? configuration.http.port : nil).map { [$0] } ?? []
        )
        report.add(
            await PortCheck.findings(
                port: PortCheck.port(isConfigured ? configuration : nil, config, answer.details)
                    // A daemon that waits for a mended configuration answers on what systemd holds.
                    ?? (answer == .unconfigured ? SocketCheck.port(socket) : nil),
                daemon: daemon,
                elsewhere: PortCheck.Elsewhere(config, answer.details),
                sockets: answer.details?.sockets
            )
        )
        let now = Moment.now()
        report.add(
            await TimedLook.findings("HTTPS", at: CertificateCheck.files(configuration.http)) {
                CertificateCheck.findings(configuration.http, now: now)
            }
        )
        report.add(await VaultCheck.findings(configuration, opening: open))
        if isConfigured {
            report.add(await StrayFileCheck.findings(configuration))
        }
        let hasDisplay = answer.details?.hasDisplay
        report.add(await PinentryCheck.findings(configuration, daemonHasDisplay: hasDisplay))
        report.add(
            await TimedLook.findings("State", at: [folders.state]) {
                [StateCheck.finding()] + StateCheck.unreadable()
            }
        )
        report.add(await TimedLook.findings("Hosts", at: [HostsCheck.file]) { HostsCheck.findings() })
        report.add([MemoryCheck.finding()])
        report.add(
            await TimedLook.findings("Record", at: [folders.state]) {
                AuditCheck.findings(configuration.audit)
            }
        )
        if output.json { Output.json(.array(report.findings.map(\.json))) }
        guard !report.findings.contains(where: { $0.level == .failure }) else { throw ExitCode(1) }
    }

    /// Checks what is told on the bus.
    private func check(
        _ bus: DaemonBus,
        _ answer: ConfigurationAnswer,
        _ configuration: Configuration,
        _ report: inout DoctorReport
    ) async {
        let state = answer.details
        report.add(ConfigurationCheck.findings(state))
        report.add(await KeyringCheck.findings(bus.bus, collection: configuration.keyring.collection))
        report.add(await OriginCheck.findings(bus.bus, configuration))
        // A daemon that doesn't run, or can't tell, has no agents to count.
        let agents = try? await bus.agents(starts: false)
        // What is in force, where the daemon says it.
        let isOff = !(state?.isNotifierOn ?? configuration.approval.notifier)
        report.add(await BusCheck.notifier(bus.bus, isOff: isOff, agents: agents))
        report.add((agents ?? []).compactMap { BusCheck.finding(agent: $0, isNotifierOff: isOff) })
        // A daemon that doesn't answer has been reported above.
        let vaults = try? await bus.vaults(starts: false)
        report.add((vaults ?? []).flatMap { BusCheck.findings(vault: $0) })
    }
}

/// What was found so far.
private struct DoctorReport {
    /// Whether each finding is printed at once, so that one that takes long doesn't hold back the others.
    let printsAsTheyCome: Bool
    private(set) var findings: [Finding] = []

    init(printsAsTheyCome: Bool) {
        self.printsAsTheyCome = printsAsTheyCome
    }

    mutating func add(_ new: [Finding]) {
        findings += new
        if printsAsTheyCome { new.flatMap(\.lines).forEach(Output.text) }
    }
}

/// The running daemon.
struct DaemonProcess: Equatable, Sendable {
    let pid: Int32
    let executable: String
    /// The file that it was told to read, if any.
    var configurationFile: String?
}
