// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DBus
import Settings

/// `keybell doctor`: looks for what keeps Keybell from working.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look for what keeps Keybell from working, and say what to do.",
        discussion: "Works without the daemon. Exits with 1 if something fails."
    )

    @Option(help: "The configuration file; else the usual one.")
    var config: String?

    @OptionGroup var output: JSONOption

    func run() async throws {
        var findings: [Finding] = []
        var configuration = Configuration()
        do throws(ConfigurationError) {
            configuration = try Configuration.load(path: config)
            findings.append(
                .ok("Configuration", "nothing wrong in \(config ?? Folders.ofProcess().configurationFile)")
            )
        } catch {
            findings.append(
                .failure("Configuration", error.description, do: "Correct it; keybelld doesn't start so.")
            )
        }
        var daemon: DaemonProcess?
        do throws(ConsoleError) {
            let bus = try await DaemonBus.connect()
            findings.append(.ok("Session bus", "connected"))
            daemon = await BusCheck.daemon(bus)
            findings.append(BusCheck.finding(daemon))
            findings += await KeyringCheck.findings(bus.bus, collection: configuration.keyring.collection)
            // A daemon that doesn't run, or can't tell, has no agents to count.
            let agents = try? await bus.agents(starts: false).count
            findings += await BusCheck.notifier(
                bus.bus,
                isOff: !configuration.approval.notifier,
                agents: agents
            )
        } catch {
            findings.append(
                .failure("Session bus", "none", do: error.text.split(separator: "\n").joined(separator: " "))
            )
        }
        findings += await PortCheck.findings(port: UInt16(clamping: configuration.http.port), daemon: daemon)
        findings += HostsCheck.findings()
        findings.append(MemoryCheck.finding())
        output.json
            ? Output.json(.array(findings.map(\.json)))
            : Output.line(findings.flatMap(\.lines).joined(separator: "\n"))
        guard !findings.contains(where: { $0.level == .failure }) else { throw ExitCode(1) }
    }
}

/// The running daemon.
struct DaemonProcess: Equatable, Sendable {
    let pid: Int32
    let executable: String
}
