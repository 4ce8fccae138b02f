// SPDX-License-Identifier: Apache-2.0

import Approval
import Operations
import Vault

extension Configuration {
    /// Reads every table of the document; a key that isn't here is unknown.
    init(reading document: TableReader, folders: Folders) throws(KeyProblem) {
        http = try document.table("http") { table throws(KeyProblem) in
            try HTTPSettings(reading: table, folders)
        }
        vaults = try VaultSettings.all(in: document, folders)
        unlock = try document.table("unlock") { table throws(KeyProblem) in
            policy.unlocksOnRequest = try table.bool("on_request") ?? policy.unlocksOnRequest
            return try UnlockSettings(reading: table, folders)
        }
        lock = try document.table("lock") { table throws(KeyProblem) in try LockSettings(reading: table)
        }
        approval = try document.table("approval") { table throws(KeyProblem) in
            try ApprovalSettings(reading: table)
        }
        notify = try document.table("notify") { table throws(KeyProblem) in
            try NotifySettings(reading: table)
        }
        audit = try document.table("audit") { table throws(KeyProblem) in
            var settings = AuditSettings()
            settings.isRequired = try table.bool("required") ?? settings.isRequired
            try table.finish()
            return settings
        }
        keyring = try document.table("keyring") { table throws(KeyProblem) in
            try KeyringSettings(reading: table)
        }
        try policy.read(document)
        try document.finish()
    }
}

extension UnlockSettings {
    fileprivate init(reading table: TableReader, _ folders: Folders) throws(KeyProblem) {
        pinentry = try table.text("pinentry").map(folders.expanding) ?? pinentry
        tries = try table.integer("tries", in: 1...10) ?? tries
        maximumKDFSeconds = try table.integer("max_kdf_seconds", in: 1...600) ?? maximumKDFSeconds
        maximumKDFMemoryMiB =
            try table.integer("max_kdf_memory_mib", in: 1...65_536) ?? maximumKDFMemoryMiB
        try table.finish()
    }
}

extension LockSettings {
    fileprivate init(reading table: TableReader) throws(KeyProblem) {
        idleMinutes = try table.integer("idle_minutes", in: 0...10_080) ?? idleMinutes
        onScreenLock = try table.bool("on_screen_lock") ?? onScreenLock
        onSleep = try table.bool("on_sleep") ?? onSleep
        try table.finish()
    }
}

extension ApprovalSettings {
    fileprivate init(reading table: TableReader) throws(KeyProblem) {
        limits.timeout = try table.seconds("timeout", in: 1...3600) ?? limits.timeout
        limits.retry = try table.seconds("retry_seconds", in: 0...3600) ?? limits.retry
        limits.quiet = try table.seconds("quiet_seconds", in: 0...3600) ?? limits.quiet
        notifier = try table.bool("notifier") ?? notifier
        dismissal = try table.choice("dismiss") ?? dismissal
        confirmation = try table.choice("confirm_with") ?? confirmation
        confirmedKinds = try table.choices("confirm_kinds") ?? confirmedKinds
        // Whoever wants these confirmed must not go without that unknowingly; `confirm_with = ""` is deliberate.
        guard confirmedKinds.isEmpty || confirmation != .none || table.has("confirm_with") else {
            throw table.problem("confirm_kinds", "needs confirm_with = \"pinentry\"")
        }
        try table.finish()
    }
}

extension NotifySettings {
    fileprivate init(reading table: TableReader) throws(KeyProblem) {
        deliveries = try table.bool("deliveries") ?? deliveries
        try table.finish()
    }
}

extension KeyringSettings {
    fileprivate init(reading table: TableReader) throws(KeyProblem) {
        collection = try table.text("collection") ?? collection
        try table.finish()
    }
}
