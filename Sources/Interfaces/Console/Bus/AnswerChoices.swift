// SPDX-License-Identifier: Apache-2.0

import Approval
import BusInterface
import DBus

/// What goes with an answer beside yes or no.
struct AnswerChoices: Equatable, Sendable {
    var id: String?
    var entries: [String] = []
    /// What is left out of what was asked for.
    var fields: [String] = []
    var scope: GrantScope?
    var seconds: UInt32?
    var muteSeconds: UInt32?
    /// What a new client is restricted to.
    var part = ClientPart()

    /// What is left out where names alone are to go out.
    static let everythingButNames = ["passwords", "fields"]

    /// The dictionary for the bus; what isn't chosen isn't in it.
    var value: Value {
        typealias Key = ApprovalInterface.Choice
        var members = part.members
        members[Key.id] = id.map { .string($0) }
        members[Key.entries] = entries.isEmpty ? nil : .strings(entries)
        members[Key.fields] = fields.isEmpty ? nil : .strings(fields)
        members[Key.scope] = scope.map { .string($0.rawValue) }
        members[Key.seconds] = seconds.map { .uint32($0) }
        members[Key.muteSeconds] = muteSeconds.map { .uint32($0) }
        return .vardict(members)
    }
}

extension DaemonBus {
    /// Answers a request.
    func answer(_ code: String, _ decision: String, _ choices: AnswerChoices) async throws(ConsoleError) {
        try await call(
            ApprovalInterface.description,
            ApprovalInterface.answer,
            [.string(code), .string(decision), choices.value]
        )
    }

    /// All that waits.
    func requests(starts: Bool = true) async throws(ConsoleError) -> [RequestDetails] {
        let interface = ApprovalInterface.description
        return RequestDetails.list(try await call(interface, ApprovalInterface.listRequests, starts: starts))
    }

    /// What ended a short time ago.
    func recentRequests(starts: Bool = true) async throws(ConsoleError) -> [RequestDetails] {
        let interface = ApprovalInterface.description
        return RequestDetails.list(try await call(interface, ApprovalInterface.listRecent, starts: starts))
    }

    /// The request of a code that waits or, where that will do, that was denied and keeps others from being shown.
    func request(_ code: String, orQuiet: Bool = true) async throws(ConsoleError) -> RequestDetails {
        if let waiting = try await requests().first(where: { $0.code == code }) { return waiting }
        let ended = try await recentRequests().last { $0.code == code }
        if let ended, ended.isQuiet, orQuiet { return ended }
        if let ended, let end = await RememberedDenials.behind([ended], self).end(of: ended) {
            throw .refused(
                "\(ended.ending(now: Moment.now()) ?? "") The same is denied as you decided: \(end)"
            )
        }
        throw .noRequest(ended.flatMap { $0.ending(now: Moment.now()) } ?? "No request \(code) waits.")
    }
}
