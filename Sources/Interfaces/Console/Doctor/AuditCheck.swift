// SPDX-License-Identifier: Apache-2.0

import Audit
import Settings

/// Checks whether what is handed out can be recorded.
enum AuditCheck {
    static func finding(_ settings: AuditSettings) -> Finding {
        let folder = Folders.ofProcess().state
        return finding(
            settings,
            trouble: AuditTrail.trouble(in: folder),
            hiding: AuditTrail.hiding(in: folder)
        )
    }

    static func finding(_ settings: AuditSettings, trouble: String?, hiding: String? = nil) -> Finding {
        let subject = "Record"
        if trouble == nil, let hiding {
            return .warning(
                subject,
                "the journal, which you can't read, takes it, but not the file that `keybell log` reads: \(hiding)",
                do: "Make audit.jsonl in the state folder writable, or move it away."
            )
        }
        let cure =
            "Make room in the state folder, or make it writable; `[audit] required = false` hands out unrecorded."
        return switch (trouble, settings.isRequired) {
        case (nil, true): .ok(subject, "what is handed out can be recorded")
        case (nil, false): .ok(subject, "required = false: what can't be recorded is handed out all the same")
        case (let trouble?, true):
            .failure(
                subject,
                "there is no journal, and the state folder takes no record (\(trouble)): no login is handed out",
                do: cure
            )
        case (let trouble?, false):
            .warning(
                subject,
                "nothing is recorded: there is no journal, and the state folder takes no record (\(trouble))",
                do: "Make room in the state folder, or make it writable."
            )
        }
    }
}
