// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import BusInterface
import Callers
import Clients
import ConcurrencyTools
import DBus
import DisplayText
import Vault

/// `org.keybell.Vaults1`: the vaults, locked and unlocked by the person.
struct VaultsObject: Sendable {
    let vaults: CurrentValue<[any VaultStore]>
    /// Those that the configuration no longer has, and that may still hold something.
    private let closed: @Sendable () -> [any VaultStore]
    let clients: ClientRegistry
    let grants: GrantRegistry
    let approvals: ApprovalBroker
    let callers: BusCallers
    let audit: BatchRecorder
    private let lentUnlocks = LentUnlocks()
    /// The callers that wait for imports, and for unlocks that no terminal is lent to.
    private let waits = LentUnlocks()
    private let sharedUnlocks = SharedUnlocks()
    private let importing: LoginImporting
    /// How long a lock waits for what was saved and another program has overwritten, and for its record.
    private let settling: Duration

    init(
        vaults: CurrentValue<[any VaultStore]>,
        closed: @escaping @Sendable () -> [any VaultStore],
        clients: ClientRegistry,
        grants: GrantRegistry,
        approvals: ApprovalBroker,
        callers: BusCallers,
        audit: @escaping BatchRecorder,
        settling: Duration
    ) {
        (self.vaults, self.closed) = (vaults, closed)
        (self.clients, self.grants) = (clients, grants)
        (self.approvals, self.callers, self.audit) = (approvals, callers, audit)
        self.settling = settling
        importing = LoginImporting(vaults: vaults, callers: callers, waits: waits, audit: audit)
    }

    static let path = ObjectPath(constant: VaultsInterface.path)

    var exported: ExportedObject {
        let interface = ExportedInterface(
            VaultsInterface.description,
            methods: [
                (VaultsInterface.list, list), (VaultsInterface.lock, lock), (VaultsInterface.unlock, unlock),
                (VaultsInterface.unlockWithOptions, unlockWithOptions),
                (VaultsInterface.cancelUnlock, cancelUnlock),
                (VaultsInterface.importLogins, importing.importLogins),
            ]
        )
        return ExportedObject(path: Self.path, interfaces: [interface])
    }

    private func list(_ call: MethodCall) async throws(DBusError) -> [Value] {
        try await callers.unsandboxed(call.sender)
        var dictionaries: [Value] = []
        for vault in vaults.value {
            dictionaries.append(.vardict(await vault.status().details))
        }
        for vault in closed() {
            let status = await vault.status()
            if status.unkept != nil { dictionaries.append(.vardict(status.details)) }
        }
        return [.array("a{sv}", dictionaries)]
    }

    private func lock(_ call: MethodCall) async throws(DBusError) -> [Value] {
        let answerer = try await callers.unsandboxed(call.sender)
        let locked = try named(call.body.first?.asString ?? "")
        for vault in locked { await vault.lock() }
        for vault in locked {
            await grants.endSessions(ofVault: vault.name)
            await approvals.end(.vault(vault.name))
        }
        let reason = answerer.shownExecutable.map { "by \($0)" }
        let records = locked.map { vault in
            (AuditRecord.Event.locked, [.vault: PlainText.field(vault.name), .reason: reason])
                as AuditTrail.Happened
        }
        // Last: none of them may stay open for a disk. What takes longer goes on, and is told by the log and the next
        // status.
        _ = await timedDespiteCancellation(settling) { [audit] in
            await withTaskGroup { group in
                for vault in locked { group.addTask { await vault.saveIsSettled() } }
                group.addTask { await audit(records) }
            }
        }
        return []
    }

    private func unlock(_ call: MethodCall) async throws(DBusError) -> [Value] {
        let answerer = try await callers.uninvolved(call.sender)
        let reason = UnlockReason(program: answerer.chain.first?.executable, isByHand: true)
        await call.onlyWaits()
        try await waits.run(for: call.sender, on: callers.bus) {
            (cancellation) async throws(DBusError) in
            try await unlock(call.body.first?.asString ?? "", for: reason, until: cancellation)
        }
        return []
    }

    private func unlockWithOptions(_ call: MethodCall) async throws(DBusError) -> [Value] {
        try await lentUnlocks.run(for: call.sender, on: callers.bus) {
            (cancellation) async throws(DBusError) in
            let answerer = try await callers.uninvolved(call.sender)
            let terminal = try UnlockOptions.terminal(call.body.last?.vardict ?? [:], of: answerer)
            let reason = UnlockReason(
                program: answerer.chain.first?.executable,
                isByHand: true,
                terminal: terminal,
                cancellation: cancellation
            )
            await call.onlyWaits()
            try await unlock(call.body.first?.asString ?? "", for: reason)
        }
        return []
    }

    private func cancelUnlock(_ call: MethodCall) async throws(DBusError) -> [Value] {
        try await callers.unsandboxed(call.sender)
        lentUnlocks.cancel(for: call.sender)
        return []
    }

    /// Unlocks a vault, or all of them.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - reason: For whom.
    ///   - departure: Ends the wait for one that goes on by itself; nil where it ends with the reason.
    /// - Throws: Why one of them is still locked.
    private func unlock(
        _ name: String,
        for reason: UnlockReason,
        until departure: Cancellation? = nil
    ) async throws(DBusError) {
        func attempt(
            _ name: String,
            _ unlock: @escaping @Sendable () async -> DBusError?
        ) async -> DBusError? {
            guard let departure else { return await unlock() }
            let outcome = await sharedUnlocks.outcome(of: name, until: departure) {
                SharedUnlocks.Outcome(failure: await unlock())
            }
            return outcome.map(\.failure) ?? .noReply
        }
        if name == VaultsInterface.keyring, !vaults.value.contains(where: { $0.name == name }) {
            if let failure = await attempt(name, { await unlockKeyring() }) { throw failure }
            return
        }
        var failures: [DBusError] = []
        for vault in try named(name) {
            // One that can't be opened is no reason to leave the others closed.
            let outcome = await attempt(vault.name) { await failure(unlocking: vault, for: reason) }
            guard let failure = outcome else { continue }
            failures.append(failure)
            if reason.isGivenUp || departure?.isCancelled == true { break }
        }
        guard let first = failures.first else { return }
        throw DBusError(name: first.name, message: failures.map(\.message).joined(separator: " "))
    }

    private func failure(unlocking vault: any VaultStore, for reason: UnlockReason) async -> DBusError? {
        do throws(VaultError) {
            try await vault.unlock(for: reason)
            return nil
        } catch .notUnlocked(let failure) {
            return DBusError(
                name: KeybellBusError.locked,
                message: failure.sentence(vault: PlainText.field(vault.name))
            )
        } catch .locked {
            return DBusError(
                name: KeybellBusError.locked,
                message: "\(PlainText.field(vault.name)) is locked again, or still: try again."
            )
        } catch {
            return DBusError(error)
        }
    }

    private func unlockKeyring() async -> DBusError? {
        do throws(ClientError) {
            try await clients.unlock()
            return nil
        } catch {
            return DBusError(error)
        }
    }

    /// The vault of a name; all of them for an empty one.
    private func named(_ name: String) throws(DBusError) -> [any VaultStore] {
        guard !name.isEmpty else { return vaults.value }
        let found = vaults.value.named(name)
        guard !found.isEmpty else { throw .noVault }
        return found
    }
}

extension [any VaultStore] {
    /// Those of a name.
    func named(_ name: String) -> [any VaultStore] {
        let wanted = PlainName(cleaning: name)?.text
        return filter { $0.name == wanted }
    }
}

extension DBusError {
    /// That there is no vault of a name.
    static let noVault = notFound("There is no vault of that name: `keybell status` lists them.")
}

extension VaultStatus {
    fileprivate var details: [String: Value] {
        typealias Key = VaultsInterface.Key
        var details: [String: Value] = [
            Key.name: .string(name),
            Key.kind: .string(kind.rawValue),
            Key.path: .string(path),
            Key.locked: .boolean(isLocked),
            Key.entries: .uint32(UInt32(clamping: isLocked ? 0 : count)),
            Key.hash: .string(hash ?? ""),
        ]
        details[Key.trouble] = trouble.map { .string(PlainText.field($0)) }
        if !kept.isEmpty { details[Key.kept] = .strings(kept.map { PlainText.field($0, limit: 4096) }) }
        details[Key.unkept] = unkept.map { .string(PlainText.field($0, limit: 4096)) }
        if replacementIDCount > 0 { details[Key.withoutUUID] = .uint32(UInt32(clamping: replacementIDCount)) }
        return details
    }
}
