// SPDX-License-Identifier: Apache-2.0

import Clients
import DBus
import DisplayText
import SecretService
import Settings

/// Checks the keyring: provider, collection, lock, and keys that are there twice.
enum KeyringCheck {
    static func findings(
        _ bus: BusConnection,
        collection: String,
        memory: ProviderMemory = ProviderMemory(folder: Folders.ofProcess().state)
    ) async -> [Finding] {
        let keyring = Keyring.quiet(bus, collection: collection)
        let report = await keyring.doctor(schemas: [ClientItem.schema])
        var findings = findings(report, collection: collection)
        if let change = changeOfProvider(report, memory.read(), now: Int64(clamping: Moment.now())) {
            findings.insert(change, at: report.owner == nil ? 0 : 1)
        }
        // That the keyring can't be read is among the findings above.
        guard report.state == .unlocked, let items = try? await keyring.items(schema: ClientItem.schema)
        else {
            return findings
        }
        findings += doubles(ids: items.map { PlainName(cleaning: $0.attributes["id"] ?? "")?.text ?? "" })
        return findings
    }

    static func findings(_ report: KeyringReport, collection name: String = "default") -> [Finding] {
        var findings: [Finding] = []
        if report.owner != nil {
            let executable =
                report.executable
                ?? report.command.map { "it calls itself \(PlainText.name($0)) and hides its executable" }
                ?? "its executable can't be read"
            let process = report.pid.map { "process \($0) (\(executable))" } ?? executable
            let program = report.program.map { "\($0.rawValue), " } ?? ""
            findings.append(.ok("Secret Service", program + process))
        }
        if report.isUnencrypted {
            findings.append(
                .failure(
                    "Secret Service",
                    "has no encrypted sessions",
                    do: KeyringError.unencrypted.advice
                )
            )
        }
        let collection = [report.label, report.collection].compactMap(\.self).joined(separator: ", ")
        switch report.state {
        case .noProvider where report.canBeStarted && report.idle.isEmpty:
            findings.append(
                .warning("Secret Service", "isn't running", do: KeyringAdvice.startable)
            )
        case .noProvider:
            let text = report.error == .deadline ? "doesn't answer" : "nobody offers it"
            findings.append(.failure("Secret Service", text, do: KeyringAdvice.withoutProvider(report)))
        case .noCollection:
            let text =
                report.error == .deadline
                ? "doesn't answer"
                : name == "default" ? "there is no default collection" : "there is no collection \"\(name)\""
            let advice = KeyringAdvice.withoutCollection(report, isDefault: name == "default")
            findings.append(.failure("Keyring", text, do: advice))
        case .locked:
            findings.append(
                .warning("Keyring", "\(collection) is locked", do: KeyringAdvice.locked(report))
            )
        case .unlocked:
            findings.append(.ok("Keyring", "\(collection) is open"))
        }
        if report.isVolatile {
            findings.append(
                .warning(
                    "Keyring",
                    "is kept in memory alone: all keys are gone when gnome-keyring ends",
                    do: KeyringAdvice.volatile
                )
            )
        }
        if report.lockedItems > 0 {
            findings.append(
                .warning(
                    "Keyring",
                    "asks you before it gives an item, \(Amount.of(report.lockedItems, "client key")) among them",
                    do: KeyringAdvice.lockedItems(report)
                )
            )
        }
        return findings
    }

    /// Says for a week that a different program offers the keyring than before.
    static func changeOfProvider(
        _ report: KeyringReport,
        _ memory: ProviderMemory.Content?,
        now: Int64
    ) -> Finding? {
        guard let memory, let name = report.providerName else { return nil }
        let before: String
        if memory.name != name {
            before = memory.name
        } else if let former = memory.former, now - min(max(memory.since, 0), now) < 7 * 86_400 {
            before = former
        } else {
            return nil
        }
        let (old, new) = (PlainText.field(before), PlainText.field(name))
        return .warning(
            "Secret Service",
            "another program than before: \(new), and until \(until(memory, name)) \(old)",
            do:
                "What was stored with \(old), such as the clients' keys, isn't in \(new): where it is missed, end that one and start \(old)."
        )
    }

    private static func until(_ memory: ProviderMemory.Content, _ name: String) -> String {
        memory.name == name ? Moment.text(UInt64(clamping: memory.since)) : "keybelld ran last"
    }

    /// Ids with several keys: there is no telling which counts.
    static func doubles(ids: [String]) -> [Finding] {
        let counts = ids.reduce(into: [:]) { counts, id in counts[id, default: 0] += 1 }
        let several = counts.filter { $0.value > 1 }.keys.sorted()
        guard !several.isEmpty else { return [.ok("Client keys", Amount.of(ids.count, "key"))] }
        return several.map { id in
            .warning(
                "Client keys",
                "\(counts[id] ?? 0) items for the client \"\(id)\"",
                do: "Delete all but one in Seahorse, or `keybell revoke` it and associate the client again."
            )
        }
    }
}
