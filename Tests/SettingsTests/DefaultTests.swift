// SPDX-License-Identifier: Apache-2.0

import Approval
import Operations
import Vault
import Testing

@testable import Settings

struct DefaultTests {
    @Test func `an empty file gives the documented defaults`() throws {
        let configuration = try parse("")
        #expect(configuration == Configuration())
        #expect(configuration.http.port == 19455)
        #expect(configuration.http.tlsPort == 19456)
        #expect(configuration.http.certificate == nil)
        #expect(configuration.http.allowedOrigins.isEmpty)
        #expect(configuration.vaults == [VaultSettings(kind: .keyring, name: "keyring")])
        #expect(configuration.unlock.pinentry == "pinentry")
        #expect(configuration.unlock.tries == 3)
        #expect(configuration.unlock.maximumKDFSeconds == 20)
        #expect(configuration.unlock.maximumKDFMemoryMiB == 2048)
        #expect(configuration.lock == LockSettings(idleMinutes: 0, onScreenLock: true, onSleep: true))
        #expect(configuration.approval.limits == ApprovalLimits())
        #expect(configuration.approval.limits.timeout == .seconds(120))
        #expect(configuration.approval.limits.retry == .seconds(60))
        #expect(configuration.approval.limits.quiet == .seconds(30))
        #expect(configuration.approval.notifier)
        #expect(configuration.approval.dismissal == .wait)
        #expect(configuration.approval.confirmation == .none)
        #expect(configuration.approval.confirmedKinds.isEmpty)
        #expect(configuration.notify.deliveries)
        #expect(configuration.keyring.collection == "default")
    }

    @Test func `an empty file gives the documented defaults for the operations`() throws {
        let policy = try parse("").policy
        #expect(!policy.match.bestOnly && !policy.match.schemes && !policy.match.hideExpired)
        #expect(policy.match.sortBy == .username)
        #expect(policy.recipe.length == 20)
        #expect(policy.recipe.classes.map(\.rawValue) == ["lower", "upper", "digits", "symbols"])
        #expect(!policy.unlocksOnRequest)
        #expect(policy.exceptions.isEmpty)
        let rules = policy.rules(for: "anybody")
        #expect(rules.access == .unlessGranted)
        #expect(rules.bulkAccess == .always)
        #expect(rules.saving == .always)
        #expect(rules.saveGroup == "KeePassHttp Passwords")
        #expect(!rules.returnsFields)
        #expect(rules.onlyKPHFields)
        #expect(rules.version == "2.3.1.0")
        #expect(!rules.passwordsInGetAllLogins)
        #expect(rules.groups)
        #expect(!rules.anyProgram)
    }

    @Test(arguments: [
        "http", "match", "fields", "access", "save", "unlock", "lock", "approval", "notify", "generate",
        "keyring",
        "protocol",
    ])
    func `an empty table changes nothing`(table: String) throws {
        #expect(try parse("[\(table)]") == Configuration())
    }
}
