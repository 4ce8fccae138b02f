// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import BusInterface
import Callers
import Clients
import DBus
import DisplayText
import Vault

/// `org.keybell.Vaults1`: the vaults, locked and unlocked by the person.
struct VaultsObject: Sendable {
    let vaults: [any VaultStore]
    let grants: GrantRegistry
    let desk: FrontDesk
    let callers: BusCallers
    let audit: Recorder

    static let path = ObjectPath(constant: VaultsInterface.path)

    var exported: ExportedObject {
        let interface = ExportedInterface(
            VaultsInterface.description,
            methods: [
                (VaultsInterface.list, list), (VaultsInterface.lock, lock), (VaultsInterface.unlock, unlock),
            ]
        )
        return ExportedObject(path: Self.path, interfaces: [interface])
    }

    private func list(_ call: MethodCall) async throws(DBusError) -> [Value] {
        try await callers.unsandboxed(call.sender)
        var dictionaries: [Value] = []
        for vault in vaults {
            dictionaries.append(.vardict(await vault.status().details))
        }
        return [.array("a{sv}", dictionaries)]
    }

    private func lock(_ call: MethodCall) async throws(DBusError) -> [Value] {
        let answerer = try await callers.unsandboxed(call.sender)
        for vault in try named(call.body.first?.asString ?? "") {
            await vault.lock()
            await grants.endSessions(ofVault: vault.name)
            await desk.forget(.vault(vault.name))
            await desk.withdraw(.vault(vault.name))
            let reason = answerer.shownExecutable.map { "by \($0)" }
            audit(.locked, [.vault: PlainText.field(vault.name), .reason: reason])
        }
        return []
    }

    private func unlock(_ call: MethodCall) async throws(DBusError) -> [Value] {
        let answerer = try await callers.uninvolved(call.sender)
        let reason = UnlockReason(program: answerer.chain.first?.executable)
        for vault in try named(call.body.first?.asString ?? "") {
            do throws(VaultError) {
                try await vault.unlock(for: reason)
            } catch .locked {
                throw DBusError(
                    name: KeybellBusError.locked,
                    message: "\(vault.name) is still locked: it was not given the right password."
                )
            } catch {
                throw DBusError(error)
            }
        }
        return []
    }

    /// The vault of a name; all of them for an empty one.
    private func named(_ name: String) throws(DBusError) -> [any VaultStore] {
        guard !name.isEmpty else { return vaults }
        let wanted = PlainName(cleaning: name)?.text
        let found = vaults.filter { $0.name == wanted }
        guard !found.isEmpty else {
            throw .notFound("There is no vault of that name: `keybell status` lists them.")
        }
        return found
    }
}

extension VaultStatus {
    fileprivate var details: [String: Value] {
        typealias Key = VaultsInterface.Key
        return [
            Key.name: .string(name),
            Key.kind: .string(kind.rawValue),
            Key.path: .string(path),
            Key.locked: .boolean(isLocked),
            Key.entries: .uint32(UInt32(clamping: isLocked ? 0 : count)),
            Key.hash: .string(hash ?? ""),
        ]
    }
}
