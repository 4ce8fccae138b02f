// SPDX-License-Identifier: Apache-2.0

import Callers
import Synchronization

@testable import Approval
@testable import Notifier

/// The notifier's state with a clock that only the test moves, and a server that takes what it is given.
struct NotifierFixture {
    var notificationState: NotificationState
    var now = ContinuousClock.now
    var server = NotificationServer(
        peer: ":1.5",
        product: NotifierFixture.drawsAll,
        capabilities: ["actions", "body", "body-markup"]
    )
    private var lastID: UInt32 = 0

    /// One that draws buttons, and everything at once.
    static let drawsAll = "Budgie Notification Server"

    init(_ product: String = drawsAll, vendor: String = "", dismissalDenies: Bool = false) {
        let count = Mutex(0)
        notificationState = NotificationState(dismissalDenies: dismissalDenies) {
            count.withLock { number in
                number += 1
                return "key-\(number)"
            }
        }
        _ = notificationState.serverChanged(to: ":1.5", now: now)
        server = NotificationServer(
            peer: ":1.5",
            product: product,
            vendor: vendor,
            capabilities: ["actions", "body", "body-markup"]
        )
    }

    mutating func pass(_ duration: Duration) {
        now += duration
    }

    /// Lets the server show everything that the effects post; what is on it then, by id.
    mutating func carryOut(_ effects: [NotificationEffect]) -> [Posted] {
        var posted: [Posted] = []
        for case .post(let ticket) in effects {
            guard let note = notificationState.compose(ticket, on: server, now: now) else {
                posted += carryOut(notificationState.place(now: now))
                continue
            }
            lastID += 1
            posted.append(Posted(id: note.replaces == 0 ? lastID : note.replaces, note: note))
            let more = notificationState.posted(
                ticket,
                id: posted[posted.count - 1].id,
                by: server.peer,
                now: now
            )
            posted += carryOut(more)
        }
        return posted
    }

    /// Has other programs show notifications, of which nobody is told.
    mutating func othersNotify(_ count: UInt32 = 1) {
        lastID += count
    }

    /// Lets time pass and whatever is due then happen.
    mutating func wait(_ duration: Duration = .seconds(1)) -> [Posted] {
        pass(duration)
        return carryOut(notificationState.tick(now: now))
    }

    /// Shows a request and lets the moment pass in which a press would be hasty.
    mutating func show(_ request: PendingRequest) -> [Posted] {
        let posted = carryOut(notificationState.show(request, now: now))
        pass(.seconds(1))
        return posted
    }

    mutating func press(_ label: String, on posted: Posted, from peer: String = ":1.5")
        -> [NotificationEffect]
    {
        let key = posted.note.buttons.first { $0.label == label }?.key ?? ""
        return notificationState.take(.init(kind: .invoked(key: key), id: posted.id, peer: peer), now: now)
    }

    /// A click on Allow and what comes of it at once.
    mutating func allow(_ posted: Posted) -> [NotificationEffect] {
        press("Allow", on: posted)
    }

    mutating func close(_ posted: Posted, reason: UInt32, from peer: String = ":1.5") -> [NotificationEffect]
    {
        notificationState.take(.init(kind: .closed(reason: reason), id: posted.id, peer: peer), now: now)
    }
}

/// A notification as the server holds it.
struct Posted: Equatable {
    let id: UInt32
    let note: NotifyCall

    var close: NotificationEffect { .close(id: id, peer: ":1.5") }
}

extension PendingRequest {
    /// A request of a browser.
    static func of(
        _ kind: ApprovalKind,
        _ code: String = "7F2A",
        host: String = "github.com",
        always: Bool = false
    ) -> PendingRequest {
        let caller = Caller(
            uid: 1000,
            holders: [ProcessIdentity(pid: 42, startTime: 1)],
            processes: [
                ProcessRecord(
                    identity: ProcessIdentity(pid: 42, startTime: 1),
                    executable: "/usr/bin/firefox",
                    name: "firefox",
                    script: nil,
                    hasTerminal: false,
                    scope: nil,
                    userWritable: false
                )
            ],
            origin: "moz-extension://1"
        )
        let request = ApprovalRequest(
            kind: kind,
            caller: caller,
            questionDigest: [1],
            client: kind == .associate ? nil : "firefox",
            suggestedID: kind == .associate ? "firefox" : nil,
            vaults: ["Passwords"],
            host: host,
            entries: [EntryLine(uuid: "AA", title: "Git<b>&", username: "octocat")],
            alwaysOffered: always
        )
        return PendingRequest(
            code: code,
            request: request,
            created: 0,
            deadline: 120,
            limits: ApprovalLimits()
        )
    }

    /// One with more warnings than there are lines.
    static func alarming(_ kind: ApprovalKind, _ code: String = "7F2A") -> PendingRequest {
        let record = ProcessRecord(
            identity: ProcessIdentity(pid: 42, startTime: 1),
            executable: "/home/me/firefox",
            userWritable: true,
            isFoundAtPath: false
        )
        var request = ApprovalRequest(
            kind: kind,
            caller: Caller(uid: 1000, holders: [record.identity], processes: [record]),
            questionDigest: [1],
            client: "firefox",
            verified: false,
            suggestedID: "firefox",
            vaults: ["Passwords", "Work"],
            host: "github.com",
            submitHost: "evil.example",
            isPlainHTTP: true,
            newHosts: ["bad.example"],
            entries: [EntryLine(uuid: "AA", title: "GitHub", username: "octocat")],
            fields: ["Password"]
        )
        request.givenTo = KeyOwner(program: "/usr/bin/chromium")
        request.replaced = KeyOwner(program: "/usr/bin/chromium")
        request.requestType = "get-logins"
        return PendingRequest(
            code: code,
            request: request,
            created: 0,
            deadline: 120,
            limits: ApprovalLimits()
        )
    }
}

extension NotificationEffect {
    static func allow(_ code: String = "7F2A", _ choices: Choices = Choices()) -> NotificationEffect {
        .answer(code: code, .allow, choices, .notifier)
    }

    static func deny(_ code: String = "7F2A", _ surface: Surface = .notifier) -> NotificationEffect {
        .answer(code: code, .deny, Choices(), surface)
    }
}
