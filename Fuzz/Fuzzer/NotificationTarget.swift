// SPDX-License-Identifier: Apache-2.0

import Callers

@testable import Approval
@testable import DBus
@testable import Notifier

extension Target {
    /// What notification servers, and programs that pretend to be one, say of notifications; each four bytes are an
    /// event.
    ///
    /// No allow comes of anything but a press of the right key, from the server that shows it, once it could be read.
    static let notification = Target(limit: 4096) { bytes in
        var fixture = FuzzedNotifications(dismissalDenies: bytes.first == 1)
        var rest = bytes.dropFirst()
        while rest.count >= 4 {
            fixture.handle(Array(rest.prefix(4)))
            rest = rest.dropFirst(4)
        }
    }
}

/// The notifier's state with some requests in it, and a server that does what it is told.
private struct FuzzedNotifications {
    private struct Posted {
        let id: UInt32
        let peer: String
        let code: String
        let keys: [String]
        let at: ContinuousClock.Instant
    }

    private static let members = [
        "ActionInvoked", "NotificationReplied", "NotificationClosed", "ActivationToken",
    ]

    private var notificationState: NotificationState
    private var now = ContinuousClock.now
    /// The server that is there, if one is; the bus never gives a unique name twice.
    private var peer: String? = ":1.5"
    private var servers = 5
    private var posted: [Posted] = []
    private var lastID: UInt32 = 0

    init(dismissalDenies: Bool) {
        notificationState = NotificationState(dismissalDenies: dismissalDenies)
        _ = notificationState.serverChanged(to: peer, now: now)
    }

    mutating func handle(_ event: [UInt8]) {
        let (first, second, third) = (Int(event[1]), Int(event[2]), Int(event[3]))
        switch event[0] % 6 {
        case 0:
            let code = RequestCode.alphabet[first % RequestCode.alphabet.count]
            carryOut(notificationState.show(Self.request("7F2\(code)", second), now: now), by: nil)
        case 1:
            let code = RequestCode.alphabet[first % RequestCode.alphabet.count]
            carryOut(notificationState.remove("7F2\(code)", now: now), by: nil)
        case 2:
            now += .milliseconds(first * 10 + second)
            carryOut(notificationState.tick(now: now), by: nil)
        case 3:
            servers += 1
            peer = first.isMultiple(of: 3) ? nil : ":1.\(servers)"
            carryOut(notificationState.serverChanged(to: peer, now: now), by: nil)
        default:
            signal(first, second, third)
        }
    }

    private mutating func signal(_ first: Int, _ second: Int, _ third: Int) {
        let about = posted.isEmpty ? nil : posted[first % posted.count]
        let keys = (about?.keys ?? []) + ["default", "inline-reply", ""]
        let arguments: [Value] = [
            .string(keys[second % keys.count]), .uint32(UInt32(second)), .int32(Int32(second) - 128),
            .string("a\u{202E}"),
            .array("s", []),
        ]
        let message = Message(
            sender: [about?.peer, about?.peer, peer, ":1.999"][third % 4],
            path: NotificationsProxy.path,
            interface: NotificationsProxy.name,
            member: Self.members[(third >> 2) % Self.members.count],
            body: [.uint32(about?.id ?? UInt32(first)), arguments[(third >> 4) % arguments.count]]
        )
        guard let signal = NotificationState.Signal(message) else { return }
        carryOut(notificationState.take(signal, now: now), by: signal)
    }

    private mutating func carryOut(_ actions: [NotificationEffect], by signal: NotificationState.Signal?) {
        for action in actions {
            switch action {
            case .post(let ticket): post(ticket)
            case .answer(let code, .allow, _, _): check(code, signal)
            default: break
            }
        }
    }

    private mutating func post(_ ticket: UInt64) {
        guard let peer else {
            return carryOut(notificationState.failed(ticket, reason: nil, now: now), by: nil)
        }
        let server = NotificationServer(
            peer: peer,
            product: "Plasma",
            capabilities: ["actions", "body", "body-markup", "inline-reply"]
        )
        guard let note = notificationState.compose(ticket, on: server, now: now) else { return }
        lastID += 1
        let id = note.replaces == 0 ? lastID : note.replaces
        let code = notificationState.notifications.first { $0.ticket == ticket }?.request.code ?? ""
        posted.append(Posted(id: id, peer: peer, code: code, keys: note.buttons.map(\.key), at: now))
        carryOut(notificationState.posted(ticket, id: id, by: peer, now: now), by: nil)
    }

    private func check(_ code: String, _ signal: NotificationState.Signal?) {
        let shown = posted.last { $0.id == signal?.id && $0.peer == signal?.peer && $0.code == code }
        guard let shown else { preconditionFailure("an allow of what isn't shown") }
        switch signal?.kind {
        case .invoked(let key)?: precondition(shown.keys.contains(key), "an allow by a key that isn't there")
        case .replied?: break
        default: preconditionFailure("an allow by a closing")
        }
        precondition(now - shown.at >= .milliseconds(700), "an allow that nobody can have read")
    }

    private static func request(_ code: String, _ kind: Int) -> PendingRequest {
        let kinds = ApprovalKind.allCases
        let request = ApprovalRequest(
            kind: kinds[kind % kinds.count],
            caller: .unknown(uid: 1000, origin: "moz-extension://<b>&"),
            questionDigest: [UInt8(truncatingIfNeeded: kind)],
            suggestedID: "firefox",
            vaults: ["Passwords"],
            host: "example.org",
            entries: [EntryLine(uuid: "AA", title: "A", username: "ann")]
        )
        return PendingRequest(
            code: code,
            request: request,
            created: 0,
            deadline: 120,
            limits: ApprovalLimits()
        )
    }
}
