// SPDX-License-Identifier: Apache-2.0

import Approval
import BusInterface
import ConcurrencyTools
import DBus

/// Waits for what comes of an allow that has to be confirmed; begun before the allow.
struct RequestEnd: Sendable {
    /// What has come of it.
    enum Ending: Equatable, Sendable {
        /// The request has ended; nil is an end that isn't known here.
        case ended(Outcome?)
        /// The allow could not be confirmed, and the request goes on waiting; the sentence says why.
        case unconfirmed(String)
        /// The daemon has ended, and its requests with it.
        case daemonGone
    }

    /// What the bus tells, in one stream: nil is that the daemon has gone, after which nothing comes.
    private let news: AsyncStream<Message?>
    private let code: String

    /// Waits for what comes of this request.
    ///
    /// - Parameters:
    ///   - signals: The daemon's.
    ///   - owners: Its unique name, each time that it is another one; begins with the one that it has.
    ///   - code: The request's.
    init(signals: AsyncStream<Message>, owners: AsyncStream<String?>, code: String) {
        let (news, told) = AsyncStream.makeStream(of: Message?.self)
        let tasks = [
            Task(executorPreference: MainLoop.executor) {
                for await signal in signals { told.yield(signal) }
                told.yield(nil)
            },
            Task(executorPreference: MainLoop.executor) {
                for await owner in owners where owner == nil { break }
                told.yield(nil)
            },
        ]
        told.onTermination = { _ in for task in tasks { task.cancel() } }
        (self.news, self.code) = (news, code)
    }

    /// What has come of it; nil if nothing has in time.
    func ending(within limit: Duration) async -> Ending? {
        await first(within: limit, or: .daemonGone) { Self.ending($0, of: code) }
    }

    /// Whether it is told, after the end, that the answer is kept or isn't going to be; false where the daemon has ended
    /// before that, or nothing tells of it in time.
    func isKept(within limit: Duration) async -> Bool {
        await first(within: limit, or: false) { signal in
            let isTold = signal.member == ApprovalInterface.answerKept.name
            return isTold && signal.body.first?.asString == code ? true : nil
        } ?? false
    }

    /// What the first signal says that says anything; nil where none does in time, or nobody waits for it any more.
    private func first<Found: Sendable>(
        within limit: Duration,
        or gone: Found,
        _ look: @escaping @Sendable (Message) -> Found?
    ) async -> Found? {
        let outcome = await timed(limit) {
            for await signal in news {
                guard let signal else { return gone }
                if let found = look(signal) { return found }
            }
            return gone
        }
        switch outcome {
        case .done(let found): return found
        case .late, .cancelled: return nil
        }
    }

    static func ending(_ signal: Message, of code: String) -> Ending? {
        guard signal.body.count == 2, signal.body[0].asString == code else { return nil }
        switch signal.member {
        case ApprovalInterface.requestRemoved.name:
            return signal.body[1].asString.map { .ended(Outcome(rawValue: $0)) }
        case ApprovalInterface.requestAdded.name:
            let members = signal.body[1].vardict ?? [:]
            return RequestDetails(code: code, reading: members).confirmationTrouble.map { .unconfirmed($0) }
        default: return nil
        }
    }
}

extension DaemonBus {
    /// Listens for what comes of a request from now on.
    func end(of code: String) async throws(ConsoleError) -> RequestEnd {
        do throws(DBusError) {
            let signals = try await bus.signals(
                sender: KeybellBus.name,
                interface: ApprovalInterface.name
            )
            let owners = try await bus.owners(of: KeybellBus.name)
            return RequestEnd(signals: signals, owners: owners, code: code)
        } catch {
            throw ConsoleError(error)
        }
    }
}

extension RequestDetails {
    /// How many seconds are left to answer it, and a few for the answer to come.
    var timeLeft: UInt64 {
        let now = Moment.now()
        return (deadline > now ? deadline - now : 0) + 5
    }
}
