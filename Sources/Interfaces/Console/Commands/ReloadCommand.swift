// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BusInterface
import ConcurrencyTools
import DBus
import DisplayText

/// `keybell reload`: has the daemon read its configuration anew.
struct ReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Put what changed in the configuration in force.",
        discussion: """
            Open vaults, waiting questions and connections stay. With a mistake in the file the configuration before it \
            stays in force, and this says where the mistake is and exits with 1. What takes a restart is named. A daemon that \
            has waited for a mistake to be corrected begins its work; one that isn't there is started.
            """
    )

    @OptionGroup var output: JSONOption

    func run() async throws {
        let daemon = try await DaemonBus.connect()
        // Before anything else: one that waits for its configuration ends by itself once that is corrected.
        let owner = await daemon.owner()
        guard let owner else { return tell(ofStart: try await Self.start(daemon)) }
        guard await !Self.hasWaited(daemon, owner) else {
            return tell(ofStart: try await Self.begin(daemon, after: owner))
        }
        let answer = try await daemon.call(
            ConfigurationInterface.description,
            ConfigurationInterface.reload,
            timeout: .seconds(60),
            starts: false
        )
        let (changed, waiting) = (Self.texts(answer.first), Self.texts(answer.last))
        let useless = await daemon.configuration().details?.useless ?? []
        guard !output.json else {
            return Output.json(Self.json(changed: changed, waiting: waiting, useless: useless))
        }
        Output.text(
            changed.isEmpty
                ? "Nothing else to put in force." : "In force: \(changed.joined(separator: ", "))."
        )
        if !waiting.isEmpty { Output.text(Self.line(afterRestart: waiting)) }
        for setting in useless { Output.note(setting) }
    }

    private func tell(ofStart configuration: ConfigurationAnswer) {
        output.json
            ? Output.json(Self.json(ofStart: configuration)) : Output.text(Self.line(ofStart: configuration))
    }

    /// What a program reads of a daemon that had waited, or wasn't there: only one that answers has started.
    static func json(ofStart configuration: ConfigurationAnswer) -> JSON {
        json(useless: configuration.details?.useless ?? [], isStart: configuration.details != nil)
    }

    private static func json(
        changed: [String] = [],
        waiting: [String] = [],
        useless: [String],
        isStart: Bool = false
    ) -> JSON {
        .object([
            ("changed", .array(changed.map { .string($0) })),
            ("after-restart", .array(waiting.map { .string($0) })),
            ("useless", .array(useless.map { .string($0) })),
            ("started", .bool(isStart)),
        ])
    }

    /// Whether the daemon waits for its configuration to be mended, or ends just now, as it does once that is.
    private static func hasWaited(_ daemon: DaemonBus, _ owner: String) async -> Bool {
        switch await daemon.configuration() {
        case .unconfigured: return true
        case .state: return false
        case .unknown: return await daemon.owner() != owner
        }
    }

    /// Has a daemon that waits for its configuration to be mended look at it: it ends if that can be used, and is started
    /// anew.
    ///
    /// - Parameters:
    ///   - daemon: The daemon.
    ///   - former: Its unique name.
    /// - Returns: What the new one says, `.unknown` if nobody starts it.
    /// - Throws: The mistake that there still is.
    private static func begin(
        _ daemon: DaemonBus,
        after former: String
    ) async throws(ConsoleError) -> ConfigurationAnswer {
        do throws(ConsoleError) {
            try await daemon.call(
                ConfigurationInterface.description,
                ConfigurationInterface.reload,
                timeout: .seconds(60),
                starts: false
            )
        } catch {
            // It may end before its answer is sent.
            if await daemon.owner() == former { throw error }
        }
        // However that ends, it is asked.
        _ = await timed(.seconds(20)) { [bus = daemon.bus] in
            // A bus that can't tell who is there will say so when it is asked.
            guard let owners = try? await bus.owners(of: KeybellBus.name) else { return }
            for await owner in owners where owner != former { return }
        }
        return try stated(await daemon.configuration(starts: true))
    }

    /// Has the bus start a daemon that isn't there: one that waited may have seen by itself that its file was mended, and
    /// have ended.
    ///
    /// - Throws: That nobody starts it, or the mistake that there is.
    private static func start(_ daemon: DaemonBus) async throws(ConsoleError) -> ConfigurationAnswer {
        let configuration = try stated(await daemon.configuration(starts: true))
        if configuration == .unknown, await daemon.owner() == nil {
            throw ConsoleError(DBusError(name: DBusError.Name.serviceUnknown, message: ""))
        }
        return configuration
    }

    private static func stated(
        _ configuration: ConfigurationAnswer
    ) throws(ConsoleError) -> ConfigurationAnswer {
        guard configuration != .unconfigured else {
            throw ConsoleError(DBusError(name: KeybellBusError.unconfigured, message: stillUnusable))
        }
        return configuration
    }

    private static let stillUnusable = "\(KeybellBusError.unconfiguredText): `keybell doctor` says more."

    /// What a daemon has done that had waited for its configuration to be mended.
    static func line(ofStart configuration: ConfigurationAnswer) -> String {
        guard let details = configuration.details else {
            return
                "The configuration can be used now: Keybell begins with the next request, or by "
                + "`systemctl --user start keybell`."
        }
        return "Keybell has begun its work with \(PlainText.cleaned(details.file))."
    }

    /// What takes a restart, and how that is done.
    static func line(afterRestart keys: [String]) -> String {
        let list = keys.joined(separator: ", ")
        let verb = keys.count == 1 ? "This takes effect" : "These take effect"
        let cure =
            keys.contains("http.port")
            ? " Where systemd holds the port, `keybell socket` gives it the new one." : ""
        return "\(verb) after a restart of keybelld: \(list).\(cure)"
    }

    private static func texts(_ value: Value?) -> [String] {
        (value?.asStrings ?? []).map(PlainText.cleaned)
    }
}
