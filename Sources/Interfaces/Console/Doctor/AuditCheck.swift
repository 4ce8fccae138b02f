// SPDX-License-Identifier: Apache-2.0

import Audit
import Settings

/// Checks whether what is handed out can be recorded.
enum AuditCheck {
    static func findings(_ settings: AuditSettings) -> [Finding] {
        let folder = Folders.ofProcess().state
        return [finding(settings, trouble: AuditTrail.trouble(in: folder))]
            + reading(AuditTrail.unreadable(in: folder))
    }

    /// What `keybell log` would leave out.
    static func reading(_ troubles: [String]) -> [Finding] {
        troubles.map { trouble in
            .warning(
                "Record",
                "what was recorded can't all be read (\(trouble))",
                do:
                    "Look at that file in the state folder, which another program has changed, and move it away."
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
        case (.journalOnly(let reason), _):
            .warning(
                subject,
                "the state folder takes no record (\(reason)), and the journal alone drops some and is slow to tell",
                do: "Make room in the state folder, and audit.jsonl there writable, or move it away."
            )
        case (.nowhere(let reason), true):
            .failure(
                subject,
                "the state folder takes no record (\(reason)), and you can read no journal: no login is handed out",
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
