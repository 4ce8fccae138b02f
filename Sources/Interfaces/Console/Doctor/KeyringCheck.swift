// SPDX-License-Identifier: Apache-2.0

import DBus
import DisplayText
import SecretService

/// Checks the keyring: provider, collection, lock, and keys that are there twice.
enum KeyringCheck {
    /// The schema of the clients' keys.
    private static let clientKeys = "org.keybell.ClientKey"

    static func findings(_ bus: BusConnection, collection: String) async -> [Finding] {
        let keyring = Keyring.quiet(bus, collection: collection)
        let report = await keyring.doctor(schemas: [clientKeys])
        var findings = findings(report, collection: collection)
        // That the keyring can't be read is among the findings above.
        guard report.state == .unlocked, let items = try? await keyring.items(schema: clientKeys) else {
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
        let collection = [report.label, report.collection].compactMap(\.self).joined(separator: ", ")
        switch report.state {
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

    /// Ids of which there are several keys: no one can say which counts.
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
