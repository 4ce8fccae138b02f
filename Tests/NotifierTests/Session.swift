// SPDX-License-Identifier: Apache-2.0

import Callers
import ConcurrencyTools
import DBus
import Logging
import TestSupport
import Testing

@testable import Approval
@testable import Notifier

/// An approval broker and the notifier at work on a private bus.
final class Session: Sendable {
    let bus: PrivateBus
    let approvals: ApprovalBroker
    let notifier: NotificationAnswerer
    let log = Observed<[String]>([])
    private let connection: BusConnection
    private let running: Task<Void, any Error>

    /// Starts it with the defaults but for what `change` makes of them; a press counts at once and pauses are short
    /// unless that says otherwise.
    init(
        on bus: PrivateBus,
        sandbox: Sandbox? = nil,
        _ change: (inout NotificationAnswerer.Options) -> Void = { _ in }
    ) async throws {
        var options = NotificationAnswerer.Options()
        options.limits.hasty = .zero
        options.limits.pause = .milliseconds(10)
        change(&options)
        self.bus = bus
        connection = try await bus.connect()
        approvals = ApprovalBroker(limits: options.limits, watchProcess: { process, _ in process })
        let log = log
        let logger = Logger(label: "test") { _ in LogCollector(log: log) }
        let notifier = NotificationAnswerer(
            approvals: approvals,
            bus: connection,
            options: options,
            logger: logger,
            look: { pid, uid in
                Answerer(identity: ProcessIdentity(pid: pid, startTime: 1), uid: uid, sandbox: sandbox)
            }
        )
        self.notifier = notifier
        // As in the daemon: what happens first is heard of first.
        running = Task(executorPreference: MainLoop.executor) { try await notifier.run() }
    }

    /// Asks as a browser would; the answer comes in its time.
    func ask(
        _ kind: ApprovalKind = .release,
        host: String = "github.com",
        submitHost: String? = nil,
        _ change: (inout ApprovalRequest) -> Void = { _ in }
    ) -> Task<Answer, Never> {
        let asker = ProcessIdentity(pid: 42, startTime: 1)
        let process = ProcessRecord(
            identity: asker,
            executable: "/usr/bin/firefox",
            name: "firefox",
            script: nil,
            hasTerminal: false,
            scope: nil,
            userWritable: false
        )
        var request = ApprovalRequest(
            kind: kind,
            caller: Caller(uid: 1000, holders: [asker], processes: [process]),
            questionDigest: [1],
            client: "firefox",
            host: host,
            submitHost: submitHost,
            entries: [EntryLine(uuid: "AA", title: "GitHub", username: "octocat")]
        )
        change(&request)
        return Task { [request] in await approvals.ask(request) }
    }

    /// The code of the request that waits.
    func code() async throws -> String {
        let found = Observed<String?>(nil)
        let events = approvals.events()
        let looking = Task {
            for await case .added(let request) in events { found.update { $0 = request.code } }
        }
        defer { looking.cancel() }
        if let code = await approvals.pending().first?.code { return code }
        return try await found.wait(for: "a request") { $0 }
    }

    /// Waits until so many requests wait for the person, and the notifier has been told of them.
    func waiting(_ count: Int) async throws {
        let now = Observed(0)
        let counts = approvals.pendingCounts()
        let counting = Task {
            for await count in counts { now.update { $0 = count } }
        }
        defer { counting.cancel() }
        guard await approvals.pending().count != count else { return }
        try await now.wait(for: "\(count) requests") { $0 == count ? () : nil }
    }

    /// Waits until the broker has been told whether a person could have read what waits.
    func isSeen(_ isSeen: Bool) async throws {
        try await withDeadline(.seconds(20)) { [approvals] in
            while await approvals.queue.waiting.contains(where: \.wasSeenOnNotifier) != isSeen {
                await Task.yield()
            }
        }
    }

    /// Has the time of all that waits run out.
    func runOut() async {
        await approvals.change { $0.tick(now: $1 + .seconds(3600)) }
    }

    /// Turns the notifier off, as a reload of the configuration does; it has ended when this returns.
    func turnOff() async throws {
        running.cancel()
        try await running.value
    }

    /// Shuts the broker down; the notifier has ended when this returns.
    func end() async throws {
        await approvals.shutDown()
        try await running.value
        await connection.close()
    }
}

/// Keeps the messages of a log.
struct LogCollector: LogHandler {
    let log: Observed<[String]>
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        log.update { $0.append("\(event.message)") }
    }
}

extension Session {
    /// The code in a notification's title.
    func code(in shown: FakeServer.Shown) throws -> String {
        try #require(
            shown.title.split(separator: "(").last.map { String($0.prefix(RequestCode.length)) }
        )
    }
}

extension Answerer {
    /// An agent that has nothing to do with any asker.
    static let panel = Answerer(
        identity: ProcessIdentity(pid: 7, startTime: 1),
        uid: 1000,
        chain: [
            ProcessRecord(
                identity: ProcessIdentity(pid: 7, startTime: 1),
                executable: "/usr/bin/panel",
                name: "panel",
                script: nil,
                hasTerminal: true,
                scope: nil,
                userWritable: false
            )
        ],
        sandbox: nil
    )
}
