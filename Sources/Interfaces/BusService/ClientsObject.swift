// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import BusInterface
import Callers
import Clients
import ConcurrencyTools
import DBus
import DisplayText
import SecretService
import Vault

/// `org.keybell.Clients1`: who is let in, and what they were granted.
struct ClientsObject: Sendable {
    let clients: ClientRegistry
    let grants: GrantRegistry
    let approvals: ApprovalBroker
    let callers: BusCallers
    let audit: BatchRecorder
    let vaults: CurrentValue<[any VaultStore]>

    static let path = ObjectPath(constant: ClientsInterface.path)

    var exported: ExportedObject {
        let interface = ExportedInterface(
            ClientsInterface.description,
            methods: [
                (ClientsInterface.list, list), (ClientsInterface.rename, rename),
                (ClientsInterface.nameExtension, nameExtension),
                (ClientsInterface.revoke, revoke),
                (ClientsInterface.grants, grants), (ClientsInterface.forget, forget),
                (ClientsInterface.restrict, restrict),
            ]
        )
        return ExportedObject(path: Self.path, interfaces: [interface])
    }

    private func list(_ call: MethodCall) async throws(DBusError) -> [Value] {
        try await callers.unsandboxed(call.sender)
        return [.array("a{sv}", try await all().map { .vardict($0.details) })]
    }

    private func rename(_ call: MethodCall) async throws(DBusError) -> [Value] {
        let answerer = try await callers.unsandboxed(call.sender)
        let client = try await client(call.body.first?.asString ?? "")
        try await callers.checkIsApart(answerer, from: client)
        do throws(ClientError) {
            try await clients.rename(client.id, to: call.body.last?.asString ?? "")
        } catch {
            throw DBusError(error)
        }
        return []
    }

    private func nameExtension(_ call: MethodCall) async throws(DBusError) -> [Value] {
        let answerer = try await callers.unsandboxed(call.sender)
        let client = try await client(call.body.first?.asString ?? "")
        try await callers.checkIsApart(answerer, from: client)
        switch client.origin.map(ClaimedOrigin.init) {
        case .otherExtension: break
        case .knownExtension(let name):
            throw .invalidArgs(
                "That client is the extension \(name), by an id that is the same everywhere: it needs no name."
            )
        case .page, nil:
            throw .invalidArgs(
                "No browser extension has associated that client. `keybell clients` shows what did."
            )
        }
        do throws(ClientError) {
            try await clients.nameExtension(of: client.id, call.body.last?.asString ?? "")
        } catch {
            throw DBusError(error)
        }
        return []
    }

    private func revoke(_ call: MethodCall) async throws(DBusError) -> [Value] {
        let answerer = try await callers.unsandboxed(call.sender)
        let name = call.body.first?.asString ?? ""
        // Its grants went when it was first revoked.
        guard await !clients.isBeingDeleted(name) else { return try await delete(name, for: answerer) }
        let (id, fingerprint): (String, String?)
        do throws(DBusError) {
            if let locked = try await lockedID(name) {
                (id, fingerprint) = (locked, nil)
            } else {
                let client = try await client(name)
                (id, fingerprint) = (client.id, client.fingerprint)
            }
        } catch {
            guard let known = await clients.lastKnown(name) else { throw error }
            (id, fingerprint) = (known.id, known.fingerprint)
        }
        // Nobody can see which key a locked one is. What was granted to that goes before it is let in again.
        guard let fingerprint else { return try await delete(id, for: answerer) }
        // Whatever fails, nothing that was decided for it counts any more.
        await approvals.end(.key(fingerprint))
        // Beside it: a keyring that hangs takes its time for each.
        async let forgetting = failureOfForgetting(fingerprint)
        let failure: DBusError?
        do throws(DBusError) {
            _ = try await delete(id, for: answerer)
            failure = nil
        } catch {
            failure = error
        }
        // Its key counts no more, deleted or not.
        await approvals.end(.holder(fingerprint))
        let grantsFailure = await forgetting
        if let error = failure {
            throw DBusError(
                name: error.name,
                message:
                    "\(error.message) What it was granted counts no more\(await state(grantsFailure))."
            )
        }
        guard let grantsFailure else { return [] }
        throw DBusError(
            name: grantsFailure.name,
            message:
                "Its key is deleted, and what it was granted counts no more, but stays in the keyring: \(grantsFailure.message)"
        )
    }

    /// Forgets what was decided for a key, in memory at once.
    ///
    /// - Returns: Why it couldn't be deleted; nil if it was.
    private func failureOfForgetting(_ fingerprint: String) async -> DBusError? {
        do throws(ClientError) {
            try await grants.forget(fingerprint: fingerprint)
            return nil
        } catch {
            return DBusError(error)
        }
    }

    /// How it is told on what the grants of a key that couldn't be deleted have come to.
    ///
    /// - Parameter failure: Why they couldn't be deleted.
    /// - Returns: The rest of a sentence.
    private func state(_ failure: DBusError?) async -> String {
        guard let failure else { return ", and is deleted" }
        return await grants.staysForgotten()
            ? ", but stays in the keyring (\(failure.message))"
            : " while Keybell runs, but stays in the keyring (\(failure.message)), and is back after a restart"
    }

    private func delete(_ id: String, for answerer: Answerer) async throws(DBusError) -> [Value] {
        do throws(ClientError) {
            try await clients.revoke(id)
        } catch .unknown {
            throw DBusError(ClientError.unknown(id))
        } catch {
            let cause = DBusError(error)
            let time = await clients.staysRevoked() ? "" : Self.untilRestart
            await recordRevoked(id, by: answerer)
            throw DBusError(
                name: cause.name,
                message:
                    "Its key could not be deleted from the keyring, which is done by itself once that works, or by repeating this. It is let in no more\(time). \(cause.message)"
            )
        }
        await recordRevoked(id, by: answerer)
        return []
    }

    /// Records that a key counts no more, whether or not the keyring has deleted it.
    private func recordRevoked(_ id: String, by answerer: Answerer) async {
        await audit([(.revoked, [.client: PlainText.field(id), .by: answerer.shownExecutable])])
    }

    private func grants(_ call: MethodCall) async throws(DBusError) -> [Value] {
        try await callers.unsandboxed(call.sender)
        let name = call.body.first?.asString ?? ""
        let known = try await name.isEmpty ? all() : [client(name)]
        let decided: [Grant]
        do throws(ClientError) {
            decided = try await grants.all()
        } catch {
            throw DBusError(error)
        }
        let undeleted = await grants.undeletedGrants()
        let titles = await titles(of: decided + undeleted)
        let details = known.flatMap { client in
            [(decided, false), (undeleted, true)].flatMap { grants, isUndeleted in
                grants.filter { $0.key.fingerprint == client.fingerprint }.map { grant in
                    var details = grant.details(of: client, titles: titles[grant.key.vault] ?? [:])
                    if isUndeleted { details[ClientsInterface.GrantKey.undeleted] = .boolean(true) }
                    return details
                }
            }
        }
        return [.array("a{sv}", details.map { .vardict($0) })]
    }

    /// The titles of the logins that grants are for, by vault and uuid; of vaults that are open.
    private func titles(of grants: [Grant]) async -> [String: [String: String]] {
        var titles: [String: [String: String]] = [:]
        for vault in vaults.value
        where grants.contains(where: { $0.key.vault == vault.name && $0.entries != nil }) {
            let wanted = grants.filter { $0.key.vault == vault.name }
                .reduce(into: Set<String>()) { $0.formUnion($1.entries ?? []) }
            let index: LoginIndex
            do throws(VaultError) {
                index = try await vault.index()
            } catch {
                continue  // locked: the uuids are told
            }
            for login in index.everything where wanted.contains(login.id.hex) {
                titles[vault.name, default: [:]][login.id.hex] = PlainText.field(login.title)
            }
        }
        return titles
    }

    private func forget(_ call: MethodCall) async throws(DBusError) -> [Value] {
        let answerer = try await callers.uninvolved(call.sender)
        let who = call.body.first?.asString ?? ""
        let name = call.body.last?.asString ?? ""
        // The keyring may hang, and then the client can't be looked up in it.
        let known = await clients.lastKnown(who)
        var client: Client
        if let known { client = known } else { client = try await self.client(who) }
        try await callers.checkIsApart(answerer, from: client)
        var forgotten = try await forget(name, of: client, by: answerer)
        if forgotten == nil, known != nil {
            // Somebody else may have the name by now.
            client = try await self.client(who)
            try await callers.checkIsApart(answerer, from: client)
            forgotten = try await forget(name, of: client, by: answerer)
        }
        guard let forgotten else {
            throw .notFound(
                "\(PlainText.quoted(client.shownName)) has no such grant: `keybell grants \(ShellWord.quoting(client.id))` lists them."
            )
        }
        if !forgotten.allows { await approvals.endQuiet(of: forgotten.rememberedDenial) }
        await recordForgotten(forgotten, of: client, by: answerer)
        return []
    }

    /// Records that a grant counts no more, whether or not the keyring has deleted it.
    private func recordForgotten(_ grant: Grant, of client: Client, by answerer: Answerer) async {
        let fields: [AuditRecord.Field: String?] = [
            .client: PlainText.field(client.id), .by: answerer.shownExecutable,
            .kind: grant.key.kind.rawValue, .decision: grant.allows ? "allow" : "deny",
            .host: grant.key.host.isEmpty ? nil : PlainText.recordedPlace(grant.key.host),
            .vault: PlainText.field(grant.key.vault),
        ]
        await audit([(.forgotten, fields)])
    }

    /// Forgets a grant, in memory at once.
    ///
    /// - Returns: It; nil if the client has none of that name.
    /// - Throws: Why it couldn't be deleted.
    private func forget(
        _ name: String,
        of client: Client,
        by answerer: Answerer
    ) async throws(DBusError) -> Grant? {
        // Also where it couldn't be deleted: it no longer counts, so nothing that it allowed may either.
        await approvals.forget(.key(client.fingerprint))
        do throws(ClientError) {
            return try await grants.forget(fingerprint: client.fingerprint, name: name)
        } catch {
            let cause = DBusError(error)
            let time = await grants.staysForgotten() ? "" : Self.untilRestart
            let undeleted = await grants.undeletedGrants().first {
                $0.name == name && $0.key.fingerprint == client.fingerprint
            }
            if let undeleted { await recordForgotten(undeleted, of: client, by: answerer) }
            throw DBusError(
                name: cause.name,
                message:
                    "It could not be deleted from the keyring, which is done by itself once that works, or by repeating this. It counts no more\(time). \(cause.message)"
            )
        }
    }

    /// What is said of what the state folder doesn't keep.
    private static let untilRestart =
        " while Keybell runs, but is back after a restart that comes before that"

    private func all() async throws(DBusError) -> [Client] {
        do throws(ClientError) {
            return try await clients.list()
        } catch {
            throw DBusError(error)
        }
    }

    /// The Id of a client whose item the keyring keeps locked by itself, so that no more is known of it.
    private func lockedID(_ name: String) async throws(DBusError) -> String? {
        guard let id = PlainName(cleaning: name)?.text else { return nil }
        do throws(ClientError) {
            return try await clients.isLocked(id) ? id : nil
        } catch {
            throw DBusError(error)
        }
    }

    /// The client of an Id, or of the name that it is shown under.
    func client(_ name: String) async throws(DBusError) -> Client {
        let all = try await all()
        let clean = PlainName(cleaning: name)?.text
        if let client = all.first(where: { $0.id == clean }) { return client }
        let exact = all.filter { $0.shownName == clean }
        let named = exact.isEmpty ? all.filter { $0.isShown(as: name) } : exact
        guard let first = named.first else {
            let isLocked = try await lockedID(name) != nil
            throw DBusError(isLocked ? ClientError.keyring(.itemLocked) : .unknown(name))
        }
        guard named.count == 1 else {
            let ids = named.map { ShellWord.quoting($0.id) }.joined(separator: ", ")
            throw .invalidArgs("Several clients are shown as \(PlainText.quoted(name)): name one of \(ids).")
        }
        return first
    }
}

extension Client {
    fileprivate var details: [String: Value] {
        typealias Key = ClientsInterface.Key
        var details: [String: Value] = [
            Key.id: .string(id),
            Key.name: .string(shownName),
            Key.fingerprint: .string(fingerprint),
            Key.created: .uint64(created),
            Key.lastUsed: .uint64(lastUsed ?? 0),
            Key.program: .string(program),
            Key.origin: .string(origin ?? ""),
            Key.extensionName: .string(extensionName ?? ""),
            Key.database: .string(database),
            ClientsInterface.Part.vaults: .strings(restriction.vaults),
            ClientsInterface.Part.groups: .strings(restriction.groups),
            ClientsInterface.Part.hosts: .strings(restriction.hosts),
        ]
        if restriction.isUnreadable { details[Key.unreadable] = .boolean(true) }
        return details
    }
}

extension Grant {
    /// How many logins are named at most.
    private static let mostNamed = 1000

    fileprivate func details(of client: Client, titles: [String: String]) -> [String: Value] {
        typealias Key = ClientsInterface.GrantKey
        let entries = (entries ?? []).sorted().prefix(Self.mostNamed)
        return [
            Key.entries: .strings(Array(entries)),
            Key.titles: .strings(entries.map { titles[$0] ?? "" }),
            Key.key: .string(name),
            Key.client: .string(client.id),
            Key.clientName: .string(client.shownName),
            Key.host: .string(key.host),
            Key.submitHost: .string(key.form?.submitHost ?? ""),
            Key.scheme: .string(key.form?.scheme ?? ""),
            Key.kind: .string(key.kind.rawValue),
            Key.program: .string(key.program),
            Key.origin: .string(key.origin ?? ""),
            Key.vault: .string(key.vault),
            Key.decision: .string(allows ? "allow" : "deny"),
            Key.scope: .string(isForSession ? "session" : "always"),
            Key.expires: .uint64(expires),
        ]
    }

    /// When it runs out, in seconds since 1970; 0 if it doesn't by itself.
    private var expires: UInt64 {
        guard case .session(let end?) = scope else { return 0 }
        let left = (end - .now).components.seconds
        return UInt64(clamping: CalendarTime.now + left)
    }
}

extension Grant {
    /// What it denies, as the questions that it came from know it.
    fileprivate var rememberedDenial: RememberedDenial {
        RememberedDenial(
            key.kind == .release ? .release : .save,
            of: key.fingerprint,
            by: Program(id: key.program, origin: key.origin),
            in: [key.vault],
            at: key.host.isEmpty ? nil : key.host
        )
    }
}
