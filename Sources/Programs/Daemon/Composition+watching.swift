// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import Clients
import ConcurrencyTools
import DisplayText
import Logging
import Passwords
import SecretService
import Settings
import Vault
import VaultStores

// What runs beside the requests: it looks after locks, records and what clients were told.
extension Composition {
    /// Once a client is let in, the keyring vault's Hash must outlive the state folder: clients are told it.
    static func keepIdentity(of vaults: Current<[any VaultStore]>, clients: ClientRegistry) async {
        for await _ in clients.changes() {
            // A keyring that can't be read now will do another time.
            guard let known = try? await clients.list(), !known.isEmpty else { continue }
            for store in vaults.value { await (store as? KeyringStore)?.keepIdentity() }
        }
    }

    /// A key that is no more, by whatever hand, takes along what it waits for and what was allowed to it.
    ///
    /// While the keyring can't be read nobody knows; no key is taken for a good one then.
    static func followKeys(of clients: ClientRegistry, grants: GrantRegistry, approvals: ApprovalBroker) async
    {
        let changes = clients.changes()
        var known = (try? await clients.keys()) ?? [:]
        for await _ in changes {
            guard let now = try? await clients.keys(after: known) else { continue }
            for gone in Set(known.values).subtracting(now.values) {
                await approvals.end(.key(gone))
                // Where that fails it is in the log, they count no more, and the key isn't let in again before they are gone.
                try? await grants.forget(fingerprint: gone)
            }
            known = now
        }
    }

    /// A lock ends what was allowed but not collected.
    static func forgetAtLock(_ keyring: Keyring, approvals: ApprovalBroker) async {
        for await event in keyring.events() {
            switch event {
            case .locked, .providerLeft: await approvals.forget(.everything)
            case .unlocked: await approvals.opened(nil)
            default: break
            }
        }
    }

    /// Keeps a record of every answer.
    static func recordAnswers(_ events: AsyncStream<ApprovalEvent>, in audit: AuditTrail) async {
        for await case .closed(let ended) in events {
            let request = ended.request
            await audit.keep(
                .answered,
                [
                    .code: request.code,
                    .kind: request.kind.rawValue,
                    .outcome: ended.outcome.rawValue,
                    .scope: ended.scope?.rawValue,
                    .by: ended.answeredBy,
                    .client: request.client,
                    .program: request.caller.sandbox ?? request.caller.executable,
                    .origin: request.caller.origin,
                    .host: request.host,
                    .vault: request.vault,
                    .count: request.entryCount > 0 ? String(request.entryCount) : nil,
                ]
            )
        }
    }

    private static let comparing = TaskQueue(label: "org.keybell.comparing")

    /// Follows a vault: keeps a record of every time that it is opened, by whatever opened it, lets those go on who wait
    /// for that, and ends allows that nobody has collected of logins that have become others.
    static func follow(_ vault: any VaultStore, approvals: ApprovalBroker, in audit: AuditTrail) async {
        let changes = vault.changes()
        var wasLocked = await vault.status().isLocked
        // While it can't be read nothing is known of it; its lock has ended every allow anyway.
        var known = try? await vault.index()
        for await _ in changes {
            switch vault.kind {
            case .kdbx:
                // Another password alone leaves the index as it was, and isn't told from any other change.
                await approvals.forget(.vault(vault.name))
            case .keyring:
                guard let index = try? await vault.index() else { break }
                // Beside the thread that serves: a vault can be large.
                let former = known
                let changes = await Task(executorPreference: comparing) {
                    former.map(index.changes) ?? []
                }.value
                for id in changes { await approvals.forget(.entry(id.hex)) }
                known = index
            }
            let isLocked = await vault.status().isLocked
            if wasLocked, !isLocked {
                await audit.keep(.unlocked, [.vault: PlainText.field(vault.name)])
                await approvals.opened(vault.name)
            }
            wasLocked = isLocked
        }
    }

    /// Asks for a confirmation in pinentry's window, which no program of the session can answer.
    static func confirmation(
        _ configuration: Current<Configuration>,
        logger: Logger
    ) -> ApprovalBroker.Confirmation {
        { request in
            let (settings, program) = (configuration.value.approval, configuration.value.unlock.pinentry)
            guard settings.confirmation == .pinentry else { return nil }
            let pinentry = Pinentry(program: program, deadline: settings.limits.timeout)
            do throws(VaultError) {
                return try await pinentry.confirm(title: "Keybell: \(request.code)", text: request.question)
            } catch {
                logger.error(
                    "an allow could not be confirmed: the request goes on waiting",
                    metadata: ["code": "\(request.code)", "why": "\(error)"]
                )
                return nil
            }
        }
    }
}

extension PendingRequest {
    /// All that the person should know before saying yes.
    fileprivate var question: String { title + "\n\n" + body }
}
