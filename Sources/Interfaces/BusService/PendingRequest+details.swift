// SPDX-License-Identifier: Apache-2.0

import Approval
import BusInterface
import DBus

extension PendingRequest {
    /// The details of a request as `dbus/org.keybell.Approval1.xml` has them.
    var details: [String: Value] {
        typealias Key = ApprovalInterface.Detail
        var details: [String: Value] = [
            Key.kind: .string(kind.rawValue),
            Key.title: .string(title),
            Key.body: .string(body),
            Key.warnings: .strings(warnings),
            Key.caller: .vardict(caller.details),
            Key.created: .uint64(created),
            Key.deadline: .uint64(deadline),
        ]
        if kind != .associate {
            details[Key.client] = .string(client ?? "")
            details[Key.clientName] = clientName.map { .string($0) }
            details[Key.verified] = .boolean(verified)
        }
        details[Key.suggestedID] = suggestedID.map { .string($0) }
        if kind == .associate || kind == .overwrite {
            details[Key.fingerprint] = fingerprint.map { .string($0) }
        }
        if unlocksKeyring { details[Key.unlocksKeyring] = .boolean(true) }
        details[Key.vault] = vault.map { .string($0) }
        details[Key.host] = host.map { .string($0) }
        details[Key.submitHost] = submitHost.map { .string($0) }
        if kind == .release || kind == .save {
            details[Key.entries] = .entries(entries)
            details[Key.entryCount] = .uint32(UInt32(clamping: entryCount))
        }
        if kind == .release || kind == .save {
            details[Key.request] = requestType.map { .string($0) }
        }
        if kind == .release {
            details[Key.bulk] = .boolean(bulk)
            details[Key.passwords] = .boolean(passwords)
            details[Key.fieldNames] = .strings(fieldNames)
            details[Key.search] = search.map { .string($0) }
            if search != nil { details[Key.places] = .strings(places) }
        }
        if kind == .save {
            details[Key.isNew] = .boolean(isNew)
            details[Key.fields] = .strings(fields)
            details[Key.newHosts] = .strings(newHosts)
        }
        if isConfirmed { details[Key.confirmation] = .string("pinentry") }
        details[Key.confirmationTrouble] = confirmationTrouble.map { .string($0) }
        return details
    }
}

extension RecentRequest {
    var details: [String: Value] {
        typealias Key = ApprovalInterface.Detail
        var details = request.details
        details[Key.outcome] = .string(outcome.rawValue)
        details[Key.ended] = .uint64(ended)
        details[Key.quiet] = .boolean(quietUntil != nil || mutedUntil != nil)
        details[Key.quietUntil] = quietUntil.map { .uint64($0) }
        details[Key.mutedUntil] = mutedUntil.map { .uint64($0) }
        details[Key.muted] = muted.isEmpty ? nil : .strings(muted)
        if outcome == .denied { details[Key.unseen] = .uint32(UInt32(clamping: unseen)) }
        if wasUnconfirmed { details[Key.unconfirmed] = .boolean(true) }
        details[Key.answeredBy] = answeredBy.map { .string($0) }
        details[Key.scope] = scope.map { .string($0.rawValue) }
        if outcome == .allowed {
            details[Key.leftOut] = leftOut.isEmpty ? nil : .strings(leftOut.map(\.rawValue).sorted())
            details[Key.chosenCount] = chosenCount.map { .uint32(UInt32(clamping: $0)) }
        }
        details[Key.keepTrouble] = keepTrouble.map { .string($0) }
        details[Key.failure] = failure.map { .string($0) }
        if isBeingKept { details[Key.keeping] = .boolean(true) }
        if outcome == .allowed { details[Key.abandoned] = .boolean(isAbandoned) }
        return details
    }
}

extension CallerDescription {
    fileprivate var details: [String: Value] {
        typealias Key = ApprovalInterface.Caller
        var details: [String: Value] = [
            Key.uid: .uint32(uid),
            Key.executable: .string(executable),
            Key.processes: .strings(processes),
            Key.sandbox: .string(sandbox ?? ""),
        ]
        details[Key.pid] = pid.map { .uint32(UInt32(bitPattern: $0)) }
        details[Key.origin] = origin.map { .string($0) }
        details[Key.userAgent] = userAgent.map { .string($0) }
        return details
    }
}

extension Value {
    /// uuid, title and user name of each.
    static func entries(_ entries: [EntryLine]) -> Value {
        .array(
            "(sss)",
            entries.map { .structure([.string($0.uuid), .string($0.title), .string($0.username)]) }
        )
    }

    /// `a{sa{sv}}`: dictionaries by code.
    static func detailsByCode(_ requests: [(code: String, details: [String: Value])]) -> Value {
        .dictionary(
            key: "s",
            value: "a{sv}",
            requests.map { Entry(key: .string($0.code), value: .vardict($0.details)) }
        )
    }
}
