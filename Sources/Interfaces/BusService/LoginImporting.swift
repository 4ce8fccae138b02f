// SPDX-License-Identifier: Apache-2.0

import Audit
import BusInterface
import ConcurrencyTools
import DBus
import DisplayText
import Linux
import LoginImport
import Synchronization
import Vault

/// `Import` of `org.keybell.Vaults1`: logins of another program, which come by a pipe that the caller writes into.
///
/// No secret crosses the bus, where it could be watched.
final class LoginImporting: Sendable {
    private let vaults: CurrentValue<[any VaultStore]>
    private let callers: BusCallers
    private let audit: BatchRecorder
    /// Whether one is under way: each holds many logins in memory.
    private let isBusy = Mutex(false)

    init(vaults: CurrentValue<[any VaultStore]>, callers: BusCallers, audit: @escaping BatchRecorder) {
        (self.vaults, self.callers, self.audit) = (vaults, callers, audit)
    }

    func importLogins(_ call: MethodCall) async throws(DBusError) -> [Value] {
        let answerer = try await callers.uninvolved(call.sender)
        let isDryRun = try Self.isDryRun(call.body.last?.vardict ?? [:])
        let vault = try vault(call.body.first?.asString ?? "")
        guard let passed = call.body.dropFirst().first?.asDescriptor else {
            throw .invalidArgs("The logins come by a file descriptor.")
        }
        let stream: ByteStream
        do throws(SystemCallError) {
            stream = try ByteStream(duplicating: passed.number)
        } catch {
            throw .invalidArgs("The logins come by a pipe or a Unix stream socket.")
        }
        guard
            isBusy.withLock({ isBusy in
                defer { isBusy = true }
                return !isBusy
            })
        else {
            throw DBusError(
                name: DBusError.Name.limitsExceeded,
                message: "Another import is under way: try again when it is done."
            )
        }
        defer { isBusy.withLock { $0 = false } }
        await call.onlyWaits()
        let result: ImportResult
        do throws(ImportFailure) {
            result = try await VaultImport.run(stream, into: vault, isDryRun: isDryRun)
        } catch {
            throw DBusError(error, vault: vault.name)
        }
        let count = isDryRun ? 0 : result.count(.new)
        if count > 0 {
            await audit([
                (
                    .loginsImported,
                    [
                        .vault: PlainText.field(vault.name), .count: String(count),
                        .by: answerer.shownExecutable,
                    ]
                )
            ])
        }
        return [.vardict(result.details(of: vault.name))]
    }

    private static func isDryRun(_ options: [String: Value]) throws(DBusError) -> Bool {
        typealias Option = VaultsInterface.ImportOption
        guard options.keys.allSatisfy({ $0 == Option.dryRun }) else {
            throw .invalidArgs("The option of an import is \(Option.dryRun).")
        }
        guard let isDryRun = (options[Option.dryRun] ?? .boolean(false)).asBool else {
            throw .invalidArgs("\(Option.dryRun) must be a boolean.")
        }
        return isDryRun
    }

    /// The vault of a name; without one the first, which new logins go to.
    private func vault(_ name: String) throws(DBusError) -> any VaultStore {
        let found = name.isEmpty ? vaults.value.first : vaults.value.named(name).first
        guard let found else { throw .noVault }
        return found
    }
}

extension ImportResult {
    fileprivate func details(of vault: String) -> [String: Value] {
        typealias Key = VaultsInterface.ImportKey
        let reasons = refusals.sorted { $0.key < $1.key }.map { place, reason in
            Value.structure([
                .uint32(UInt32(clamping: place)), .string(PlainText.field(reason, limit: 1024)),
            ])
        }
        return [
            Key.vault: .string(vault),
            Key.outcomes: .array("y", outcomes.map { .byte($0.rawValue) }),
            Key.reasons: .array("(us)", reasons),
        ]
    }
}

extension DBusError {
    /// Why nothing was imported.
    fileprivate init(_ failure: ImportFailure, vault: String) {
        switch failure {
        case .late:
            self.init(
                name: KeybellBusError.unavailable,
                message: "The logins didn't come in time; nothing was imported."
            )
        case .broken(let reason):
            self = .invalidArgs("These aren't logins to import: \(reason) Nothing was imported.")
        case .tooMany:
            self.init(
                name: Name.limitsExceeded,
                message:
                    "More than 50,000 logins, or 64 MiB of them, can't be imported at once: split the file. Nothing was imported."
            )
        case .vault(.locked, let left) where left == 0:
            self.init(
                name: KeybellBusError.locked,
                message: "The vault \(PlainText.field(vault)) is locked: unlock it first."
            )
        case .vault(let error, let left):
            let inner = DBusError(error)
            let rest =
                left == 0
                ? "Nothing was imported."
                : "\(left) logins were stored before that and could not be taken back: import the file again when that is mended, which adds the others."
            self.init(name: inner.name, message: "\(inner.message) \(rest)")
        }
    }
}
