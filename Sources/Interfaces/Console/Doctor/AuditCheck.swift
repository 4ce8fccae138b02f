// SPDX-License-Identifier: Apache-2.0

import Audit
import Settings

/// Checks whether what is handed out can be recorded.
enum AuditCheck {
    static func finding(_ settings: AuditSettings) -> Finding {
        finding(settings, trouble: AuditTrail.trouble(in: Folders.ofProcess().state))
    }

    static func finding(_ settings: AuditSettings, trouble: String?) -> Finding {
        let subject = "Record"
        let cure =
            "Make room in the state folder, or make it writable; `[audit] required = false` hands out unrecorded."
        return switch (trouble, settings.isRequired) {
        case (nil, true): .ok(subject, "what is handed out can be recorded")
        case (nil, false): .ok(subject, "required = false: what can't be recorded is handed out all the same")
        case (let trouble?, true):
            .failure(
                subject,
                "there is no journal, and the state folder can't be written (\(trouble)): no login is handed out",
                do: cure
            )
        case (let trouble?, false):
            .warning(
                subject,
                "nothing is recorded: there is no journal, and the state folder can't be written (\(trouble))",
                do: "Make room in the state folder, or make it writable."
            )
        }
    }
}
