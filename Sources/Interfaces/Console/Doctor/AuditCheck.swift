// SPDX-License-Identifier: Apache-2.0

import Audit
import Glibc
import Linux
import Settings

/// Checks whether what is handed out can be recorded.
enum AuditCheck {
    static func findings(_ settings: AuditSettings) -> [Finding] {
        let folder = Folders.ofProcess().state
        // What stands where the folder should be is told by `StateCheck`.
        let noFolder = SystemCallError(call: "open", code: ENOTDIR).words
        let troubles = AuditTrail.unreadable(in: folder).filter { !$0.hasSuffix(noFolder) }
        return [finding(settings, trouble: AuditTrail.trouble(in: folder))] + reading(troubles)
    }

    /// The same troubles, each cause once, after the names of all its files.
    static func byCause(_ troubles: [String]) -> [String] {
        let parts = troubles.map { $0.split(separator: ": ", maxSplits: 1) }
        var causes: [Substring] = []
        for cause in parts.compactMap(\.last) where !causes.contains(cause) { causes.append(cause) }
        return causes.map { cause in
            let files = parts.filter { $0.last == cause && $0.count > 1 }.compactMap(\.first)
            return files.isEmpty ? String(cause) : "\(files.joined(separator: ", ")): \(cause)"
        }
    }

    /// What `keybell log` would leave out.
    static func reading(_ troubles: [String]) -> [Finding] {
        byCause(troubles).map { trouble in
            .warning(
                "Record",
                "what was recorded can't all be read (\(trouble))",
                do:
                    "Look at what is there in the state folder: it must be yours and readable; what another program has changed can be moved away."
            )
        }
    }

    static func finding(_ settings: AuditSettings, trouble: AuditTrail.Trouble?) -> Finding {
        let subject = "Record"
        let cure =
            "Make room in the state folder, or make it writable; `[audit] required = false` hands out unrecorded."
        return switch (trouble, settings.isRequired) {
        case (nil, true): .ok(subject, "what is handed out can be recorded")
        case (nil, false):
            .ok(subject, "required = false: what can't be recorded is handed out all the same")
        case (.scarce(let reason), _):
            .warning(
                subject,
                "what is handed out can be recorded by now, but the state folder has no place for many more records, nor for a long one (\(reason))",
                do: "Make room in the state folder, or make it writable."
            )
        case (.journalOnly(let reason), _):
            .warning(
                subject,
                "the state folder takes no record (\(reason)), and the journal alone drops some and is slow to tell",
                do: "Make room in the state folder, and audit.jsonl there writable, or move it away."
            )
        case (.nowhere(let reason), true):
            .failure(
                subject,
                "the state folder takes no record (\(reason)), and you can read no journal: logins may not be handed out",
                do: cure
            )
        case (.nowhere(let reason), false):
            .warning(
                subject,
                "nothing is recorded: the state folder takes no record (\(reason)), and you can read no journal",
                do: "Make room in the state folder, or make it writable."
            )
        }
    }
}
