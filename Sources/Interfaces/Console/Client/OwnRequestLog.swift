// SPDX-License-Identifier: Apache-2.0

import Approval
import BusInterface
import Clients
import DBus
import DisplayText
import Glibc
import Linux
import Vault

/// What the daemon has on record of this process's own requests, to tell why an answer is empty.
///
/// On the wire an empty answer says the same whether nothing matches or the person said no, since a program isn't
/// supposed to learn which. This one is run by the person, who may read on the bus what was asked; it only looks at
/// what it asked itself, now or a moment ago under the same Id.
struct OwnRequestLog: Sendable {
    /// Why nothing came.
    enum Reason: Equatable, Sendable {
        /// Nobody was asked, so that there is nothing of the kind.
        case nothing
        /// The person said no.
        case denied(code: String)
        /// The person said yes, and did not confirm it.
        case unconfirmed
        /// It was denied unseen, because of a former denial, until a time in seconds since 1970.
        case quiet(code: String, until: UInt64)
        /// It was denied unseen, because the program is muted since a denial, until a time in seconds since 1970.
        case muted(code: String, until: UInt64)
        /// The person said no for good, or for the session; the grant's handle.
        case remembered(key: String, isForSession: Bool)
        /// The daemon can't be asked: it isn't on this bus, or this is a sandbox.
        case unknown
    }

    private let daemon: DaemonBus?
    /// How many had been denied unseen before, by the denial's code.
    private let before: [String: Int]

    /// Notes how things stand before the request is sent.
    static func begin(_ daemon: DaemonBus) async -> OwnRequestLog {
        // Without the bus there is still an answer, only no reason for it.
        guard let recent = try? await daemon.recentRequests(starts: false)
        else { return OwnRequestLog(daemon: nil, before: [:]) }
        return OwnRequestLog(daemon: daemon, before: unseen(recent))
    }

    /// Finds out why the answer to a request is empty.
    ///
    /// - Parameters:
    ///   - client: The Id that it was sent under.
    ///   - page: The URL that it was for; nil if it was for none.
    /// - Returns: The reason.
    func reason(client: String, page: String?) async -> Reason {
        // Without the bus no reason can be told.
        guard let daemon, let recent = try? await daemon.recentRequests(starts: false) else {
            return .unknown
        }
        let own = ProcessTable.executable(of: getpid()) ?? ""
        let found = Self.reason(
            recent,
            before: before,
            client: client,
            pid: UInt32(getpid()),
            executable: own
        )
        guard found.mayBeRemembered, let page else { return found }
        // Without the bus no reason can be told.
        let grants = try? await daemon.call(
            ClientsInterface.description,
            ClientsInterface.grants,
            [.string(client)],
            starts: false
        )
        return Self.denial(in: dictionaries(grants ?? []), of: page, executable: own) ?? found
    }

    static func reason(
        _ recent: [RequestDetails],
        before: [String: Int],
        client: String,
        pid: UInt32,
        executable: String
    ) -> Reason {
        let own = recent.filter { $0.client == client && $0.executable == executable }
        // A request by another process since then is the same question, which this one has joined.
        let denied = own.last { request in
            request.outcome == .denied && (request.callerPID == pid || before[request.code] == nil)
        }
        if let denied { return denied.wasUnconfirmed ? .unconfirmed : .denied(code: denied.code) }
        // A mute is the program's, whatever it was about and whoever asked when it began.
        let muting = recent.filter { $0.mutedUntil != nil && $0.executable == executable }
        return (own + muting).last { $0.unseen > before[$0.code, default: 0] && $0.silence != nil }?.silence
            ?? .nothing
    }

    /// What the person kept back when they allowed this process's request.
    ///
    /// - Parameter client: The Id that it was sent under.
    /// - Returns: The names of the parts that didn't go out.
    func keptBack(client: String) async -> Set<String> {
        // Without the bus nothing of it is known.
        guard let daemon, let recent = try? await daemon.recentRequests(starts: false) else { return [] }
        return Self.keptBack(
            recent,
            before: before,
            client: client,
            pid: UInt32(getpid()),
            executable: ProcessTable.executable(of: getpid()) ?? ""
        )
    }

    static func keptBack(
        _ recent: [RequestDetails],
        before: [String: Int],
        client: String,
        pid: UInt32,
        executable: String
    ) -> Set<String> {
        let allowed = recent.last { request in
            request.outcome == .allowed && request.client == client && request.executable == executable
                && (request.callerPID == pid || before[request.code] == nil)
        }
        return allowed?.leftOut ?? []
    }

    /// Why a new key of this program would be denied without a question; nil where the person would be asked.
    func silence() async -> Reason? {
        // Without the bus no reason can be told.
        guard let daemon, let recent = try? await daemon.recentRequests(starts: false) else { return nil }
        return Self.silence(recent, executable: ProcessTable.executable(of: getpid()) ?? "")
    }

    static func silence(_ recent: [RequestDetails], executable: String) -> Reason? {
        recent.last { request in
            request.executable == executable
                && (request.mutedUntil != nil || (request.kind == .associate && request.quietUntil != nil))
        }?.silence
    }

    /// A remembered denial of this program's reading logins for the page's host.
    static func denial(
        in grants: [[String: Value]],
        of page: String,
        executable: String
    ) -> Reason? {
        typealias Key = ClientsInterface.GrantKey
        guard let host = PageAddress(loose: page)?.hostAndPort else { return nil }
        let denial = grants.first { grant in
            grant[Key.decision]?.asString == "deny" && grant[Key.host]?.asString == host
                && grant[Key.kind]?.asString == GrantKey.Kind.release.rawValue
                && grant[Key.program]?.asString == executable
        }
        return denial.map { denial in
            let isForSession = denial[Key.scope]?.asString == GrantScope.session.rawValue
            return .remembered(key: denial.cleanText(Key.key), isForSession: isForSession)
        }
    }

    private static func unseen(_ recent: [RequestDetails]) -> [String: Int] {
        recent.reduce(into: [:]) { $0[$1.code] = $1.unseen }
    }
}

extension OwnRequestLog.Reason {
    /// Whether a decision for longer may be the reason behind it, which denies before a quiet time does, and goes on.
    var mayBeRemembered: Bool {
        switch self {
        case .nothing, .quiet: true
        case .denied, .unconfirmed, .muted, .remembered, .unknown: false
        }
    }

    /// What to tell the person, and with which exit code.
    ///
    /// - Parameters:
    ///   - thing: What was asked for: `login for https://a.example/`.
    ///   - client: The Id that it was asked under.
    ///   - now: Seconds since 1970.
    /// - Returns: The error.
    func error(for thing: String, client: String, now: UInt64) -> ConsoleError {
        switch self {
        case .nothing: .nothing("There is no \(thing).")
        case .denied: .denied
        case .unconfirmed: .refused("You allowed it, but did not confirm it in the window that asked.")
        case .quiet(let code, let until):
            .refused(
                "It was denied without asking you, because of your answer to \(code). You are asked again "
                    + "\(Moment.left(until: until, now: now)), or after `keybell allow \(code)`."
            )
        case .muted(let code, let until):
            .refused(
                "It was denied without asking you, because you have muted this program. You are asked again "
                    + "\(Moment.left(until: until, now: now)), or after `keybell unmute \(code)`."
            )
        case .remembered(let key, let isForSession):
            .refused(
                "You have denied this for \(isForSession ? "this session" : "good"). To be asked again: "
                    + "`keybell forget \(ShellWord.quoting(client)) \(ShellWord.quoting(key))`."
            )
        case .unknown:
            .nothing(
                "There is no \(thing), or you denied it (Keybell isn't on this session's bus, so it can't say)."
            )
        }
    }
}

extension RequestDetails {
    /// The Id of the client that asked.
    var client: String { members.cleanText(ApprovalInterface.Detail.client) }
    /// Why requests like it are denied unseen now; nil if they aren't.
    ///
    /// A mute goes first, since it goes on when the quiet time is ended.
    fileprivate var silence: OwnRequestLog.Reason? {
        mutedUntil.map { .muted(code: code, until: $0) } ?? quietUntil.map { .quiet(code: code, until: $0) }
    }

    fileprivate var executable: String { callerText(ApprovalInterface.Caller.executable) }

    fileprivate var wasUnconfirmed: Bool {
        members[ApprovalInterface.Detail.unconfirmed]?.asBool ?? false
    }

    fileprivate var callerPID: UInt32? {
        members[ApprovalInterface.Detail.caller]?.vardict?[ApprovalInterface.Caller.pid]?.asUInt32
    }

    fileprivate func callerText(_ key: String) -> String {
        members[ApprovalInterface.Detail.caller]?.vardict?.cleanText(key) ?? ""
    }
}
