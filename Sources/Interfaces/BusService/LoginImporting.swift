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

/// `Import` of `org.keybell.Vaults1`: logins of another program, which come by a socket that the caller writes into.
///
/// No secret crosses the bus, where it could be watched.
final class LoginImporting: Sendable {
    private let vaults: CurrentValue<[any VaultStore]>
    private let callers: BusCallers
    private let waits: LentUnlocks
    private let audit: BatchRecorder
    /// Whether one is under way: each holds many logins in memory.
    private let isBusy = Mutex(false)

    init(
        vaults: CurrentValue<[any VaultStore]>,
        callers: BusCallers,
        waits: LentUnlocks,
        audit: @escaping BatchRecorder
    ) {
        (self.vaults, self.callers, self.waits, self.audit) = (vaults, callers, waits, audit)
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
            throw .invalidArgs("The logins come by a Unix stream socket.")
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
        let outcome = try await waits.run(for: call.sender, on: callers.bus) {
            (cancellation) async throws(DBusError) in
            await Self.outcome(of: stream, into: vault, isDryRun: isDryRun, until: cancellation)
        }
        if var fields = Self.record(outcome, isDryRun: isDryRun) {
            fields[.vault] = PlainText.field(vault.name)
            fields[.by] = answerer.shownExecutable
            await audit([(isDryRun ? .loginsCompared : .loginsImported, fields)])
        }
        do throws(ImportFailure) {
            return [.vardict(try outcome.get().details(of: vault.name))]
        } catch {
            throw DBusError(error, vault: vault.name)
        }
    }

    /// Imports until the caller has gone or the daemon ends: in a task of its own, so that the record of it isn't
    /// cancelled with it.
    private static func outcome(
        of stream: ByteStream,
        into vault: any VaultStore,
        isDryRun: Bool,
        until cancellation: Cancellation
    ) async -> Result<ImportResult, ImportFailure> {
        let work = Task(executorPreference: MainLoop.executor) {
            await Result { () async throws(ImportFailure) in
                try await VaultImport.run(stream, into: vault, isDryRun: isDryRun)
            }
        }
        cancellation.whenCancelled {
            stream.end()
            work.cancel()
        }
        return await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            cancellation.cancel()
        }
    }

    /// What is recorded of an import: also of one that has added nothing, since its caller has learnt what is there.
    private static func record(
        _ outcome: Result<ImportResult, ImportFailure>,
        isDryRun: Bool
    ) -> [AuditRecord.Field: String?]? {
        switch outcome {
        case .success(let result) where isDryRun: [.count: String(result.comparedCount)]
        case .success(let result):
            [.count: String(result.count(.new)), .compared: String(result.comparedCount)]
        case .failure(.storing(let failure, let count)) where failure.isUndecided:
            [.count: String(count), .outcome: "undecided"]
        case .failure(.storing(let failure, let count)):
            [.count: String(failure.added.count), .compared: String(count), .outcome: "failed"]
        case .failure: nil
        }
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
    /// Why an import has failed, and what is in the vault of it.
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
        case .vault(.locked):
            self.init(
                name: KeybellBusError.locked,
                message: "The vault \(PlainText.field(vault)) is locked: unlock it first."
            )
        case .vault(let error):
            let inner = DBusError(error)
            self.init(name: inner.name, message: "\(inner.message) Nothing was imported.")
        case .storing(let failure, let count):
            let inner = DBusError(failure.reason)
            self.init(name: inner.name, message: "\(inner.message) \(Self.rest(failure, of: count))")
        }
    }
    private static func rest(_ failure: AddingFailure, of count: Int) -> String {
        let again = "import the file again when that is mended, which adds those that aren't there"
        if failure.isUndecided {
            return
                "Whether new logins (\(count)) are in the vault isn't known, and they may yet come: look there, then \(again)."
        }
        guard !failure.added.isEmpty else { return "Nothing was imported." }
        return
            "\(failure.added.count) logins were stored before that and could not be taken back: \(again)."
    }
}
