// SPDX-License-Identifier: Apache-2.0

package import Approval
package import Callers
import ConcurrencyTools
package import DBus
package import Logging

/// The built-in notifier: shows requests on `org.freedesktop.Notifications` and takes the answer from its buttons.
///
/// What a signal means is `NotificationState`'s business; this actor talks to the bus and to the broker.
package actor NotificationAnswerer {
    /// What the person has configured.
    package struct Options: Sendable, Equatable {
        /// `[approval] dismiss = "deny"`: a dismissed notification denies.
        package var dismissalDenies: Bool
        /// `[notify] deliveries`: whether deliveries are told.
        package var tellsDeliveries: Bool
        /// The queue's times and counts.
        package var limits: ApprovalLimits

        /// The defaults.
        package init(
            dismissalDenies: Bool = false,
            tellsDeliveries: Bool = true,
            limits: ApprovalLimits = ApprovalLimits()
        ) {
            self.dismissalDenies = dismissalDenies
            self.tellsDeliveries = tellsDeliveries
            self.limits = limits
        }
    }

    /// News that wait for a question to be answered, at most.
    private static let heldCount = 8

    private let approvals: ApprovalBroker
    private let service: NotificationsProxy
    private var options: Options
    let logger: Logger
    private let clock = ContinuousClock()
    private var notificationState: NotificationState
    private var deliveries: DeliveryNotices
    private var alarm: (due: ContinuousClock.Instant, alarm: Alarm)?
    /// The agents that the person has been told of, by their unique names, the latest last.
    private var toldAgents: [String] = []
    private static let toldCount = 64
    /// Calls to the server that are under way, so that none is cut off when the notifier ends.
    private var followUps: [UInt64: Task<Void, Never>] = [:]
    private var lastErrand: UInt64 = 0
    /// The server, by its unique name, if it keeps on the screen what it was told to close.
    private var keeper: String?
    /// The codes that the broker knows to be shown to the person.
    private var seen: Set<String> = []
    private var isTellingSeen = false
    /// Whether nothing is to be shown any more.
    private var hasEnded = false
    /// News that would stand in a question's way.
    private var held: [Notice] = []

    /// Makes a notifier that shows nothing before `run`; `look` says who a notification server is.
    package init(
        approvals: ApprovalBroker,
        bus: BusConnection,
        options: Options = Options(),
        logger: Logger,
        look: @escaping @Sendable (_ pid: Int32, _ uid: UInt32) async -> Answerer = Answerer.look
    ) {
        self.approvals = approvals
        self.options = options
        self.logger = logger
        service = NotificationsProxy(bus: bus, look: look)
        notificationState = NotificationState(
            limits: options.limits,
            dismissalDenies: options.dismissalDenies
        )
        deliveries = DeliveryNotices(interval: options.limits.deliveryNotice)
    }

    /// Goes by other options from now on; what is on the screen stays there.
    package func apply(_ options: Options) {
        self.options = options
        notificationState.limits = options.limits
        notificationState.dismissalDenies = options.dismissalDenies
    }

    /// Shows what waits and what comes, until the broker shuts down, the bus goes or the task is cancelled; then it takes
    /// away what is on the screen.
    ///
    /// - Throws: Only if the bus doesn't take the subscriptions.
    package func run() async throws(DBusError) {
        // Before the first note, or the answer to it could be missed.
        let events = approvals.events()
        let signals = try await service.signals()
        let shellSignals = try await service.shellSignals()
        let owners = try await service.bus.owners(of: NotificationsProxy.name)
        for request in await approvals.pendingForNotifier() {
            carryOut(notificationState.show(request, now: clock.now))
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await event in events { await self.take(event) }
            }
            group.addTask {
                for await message in signals { await self.take(message) }
            }
            group.addTask {
                for await message in shellSignals { await self.takeFromShell(message) }
            }
            group.addTask {
                for await owner in owners { await self.serverChanged(to: owner) }
            }
            // Each stream ends when there is nothing more to do for any of them.
            await group.next()
            group.cancelAll()
        }
        alarm?.alarm.cancel()
        alarm = nil
        hasEnded = true
        for shown in notificationState.onScreen {
            send { await self.close(shown.id, shown.peer) }
        }
        // A server that hangs must not hold up the daemon's end.
        try? await withDeadline(.seconds(2)) { await self.finishErrands() }
    }

    /// Tells the person that logins were handed out, once per client and host within a minute.
    ///
    /// - Parameters:
    ///   - client: The client's Id or shown name.
    ///   - program: Who asked, as `Wording.asker` says it.
    ///   - host: Where for; nil for more than one host.
    ///   - count: How many logins.
    ///   - passwords: Whether their passwords went along.
    ///   - wasAsked: Whether the person has just been asked about them, and knows.
    package func tellDelivery(
        client: String,
        program: String,
        host: String?,
        count: Int,
        passwords: Bool = true,
        wasAsked: Bool = false
    ) async {
        guard options.tellsDeliveries, count > 0, await !approvals.isScreenLocked,
            deliveries.admits(client: client, host: host, wasAsked: wasAsked, now: clock.now)
        else { return }
        await tell(
            .delivery(client: client, program: program, host: host, count: count, passwords: passwords)
        )
    }

    // MARK: Events
    //
    // None of these waits for anything, so that a press is judged by when it came, not by when there was time for it.

    private func take(_ event: ApprovalEvent) {
        switch event {
        case .notifierShows(let request): carryOut(notificationState.show(request, now: clock.now))
        case .notifierShowsAgain(let request): carryOut(notificationState.askedAgain(request, now: clock.now))
        case .notifierHides(let code): carryOut(notificationState.remove(code, now: clock.now))
        case .agentTookOver(let agent): tellOfAgent(agent)
        case .ended(let ended, _):
            carryOut(notificationState.remove(ended.request.code, now: clock.now))
            if ended.isAbandoned, !ended.wasAnsweredOnTerminal {
                send { await self.tell(.late(ended.request)) }
            }
        case .kept(let ended):
            // Whoever has answered: what is confirmed first tells only `keybell allow` of it.
            if let trouble = ended.keepTrouble {
                send { await self.tell(.notKept(ended.request, trouble)) }
            }
        case .added, .agentsChanged: break
        }
    }

    private func take(_ message: Message) {
        guard let signal = NotificationState.Signal(message) else { return }
        carryOut(notificationState.take(signal, now: clock.now), isPressed: true)
    }

    private func takeFromShell(_ message: Message) {
        guard let signal = NotificationState.Signal(message) else { return }
        notificationState.shellTold(signal, now: clock.now)
        carryOut([])
    }

    private func serverChanged(to owner: String?) {
        carryOut(notificationState.serverChanged(to: owner, now: clock.now))
    }

    private func rang(_ due: ContinuousClock.Instant) {
        if alarm?.due == due { alarm = nil }
        carryOut(notificationState.tick(now: clock.now))
    }

    // MARK: Carrying out

    private func carryOut(_ actions: [NotificationAction], isPressed: Bool = false) {
        setAlarm()
        for action in actions {
            switch action {
            case .post(let ticket):
                send { await self.post(ticket) }
            case .nudge(let note, let id, let peer):
                send { await self.nudge(note, id, peer) }
            case .close(let id, let peer):
                send { await self.close(id, peer, isPressed: isPressed) }
            case .answer(let code, let decision, let choices, let surface):
                send { await self.answer(code, decision, choices, surface) }
            case .tellShownAgain(let code):
                send { await self.approvals.shownAgain(code) }
            case .tellMissing, .tellHidden, .tellRefused, .tellReplaced, .tellAbandoned:
                log(action)
            }
        }
        tellSeen()
        releaseNews()
    }

    /// So that the broker can say, if nobody answers, whether anybody could have.
    private func tellSeen() {
        guard !isTellingSeen, notificationState.seen != seen else { return }
        isTellingSeen = true
        send { await self.keepTellingSeen() }
    }

    private func keepTellingSeen() async {
        while notificationState.seen != seen {
            seen = notificationState.seen
            await approvals.notifierShowed(seen)
        }
        isTellingSeen = false
    }

    /// Does something beside, not before, what comes next: a server may take long to answer, or to start.
    private func send(_ errand: @escaping @Sendable () async -> Void) {
        lastErrand += 1
        let number = lastErrand
        followUps[number] = Task(executorPreference: TaskQueue.shared) {
            await errand()
            await self.done(number)
        }
    }

    private func done(_ errand: UInt64) {
        followUps[errand] = nil
    }

    private func finishErrands() async {
        while let errand = followUps.values.first {
            await errand.value
        }
    }

    private func post(_ ticket: UInt64) async {
        do throws(DBusError) {
            let server = try await service.server()
            if server.keepsClosed { keeper = server.peer }
            guard let note = notificationState.compose(ticket, on: server, now: clock.now) else {
                return carryOut(notificationState.place(now: clock.now))
            }
            guard !hasEnded else { return }
            let id = try await service.notify(note, on: server)
            // What was on its way meanwhile must not stay, for nothing would come of its buttons.
            guard !hasEnded else { return await close(id, server.peer) }
            carryOut(notificationState.posted(ticket, id: id, by: server.peer, now: clock.now))
        } catch {
            let isMissing = [DBusError.Name.serviceUnknown, DBusError.Name.nameHasNoOwner].contains(
                error.name
            )
            carryOut(notificationState.failed(ticket, reason: isMissing ? nil : error.name, now: clock.now))
        }
    }

    private func nudge(_ note: NotifyCall, _ id: UInt32, _ peer: String) async {
        // What doesn't work goes on waiting as it was.
        guard let other = try? await service.notify(note, to: peer), other != id else { return }
        // It had gone by then, and nobody would know this one.
        await service.close(id: other, peer: peer)
    }

    /// Takes a notification away; one that has just been pressed goes by itself where the server needs a push.
    private func close(_ id: UInt32, _ peer: String, isPressed: Bool = false) async {
        if !isPressed, keeper == peer { await service.fade(id: id, peer: peer) }
        await service.close(id: id, peer: peer)
    }

    private func answer(_ code: String, _ decision: Decision, _ choices: Choices, _ surface: Surface)
        async
    {
        do throws(AnswerError) {
            try await approvals.answer(code: code, decision: decision, choices: choices, through: surface)
        } catch .invalidAnswer {
            // A name typed into the notification that won't do.
            carryOut(notificationState.refused(code, now: clock.now))
        } catch .unconfirmed {
            // The broker has it shown again, with the reason.
        } catch {
            // Ended a moment ago, by somebody else's answer or its deadline: first come, first served.
            logger.debug("a press came too late", metadata: ["code": "\(code)"])
        }
    }

    private func setAlarm() {
        let due = hasEnded ? nil : notificationState.alarm
        guard due != alarm?.due else { return }
        alarm?.alarm.cancel()
        alarm = due.map { due in
            let ring = Alarm(after: due - clock.now) { [weak self] in
                Task(executorPreference: TaskQueue.shared) { await self?.rang(due) }
            }
            return (due, ring)
        }
    }

    // MARK: News

    private func tellOfAgent(_ agent: AgentInfo) {
        guard !toldAgents.contains(agent.peer) else { return }
        toldAgents = (toldAgents + [agent.peer]).suffix(Self.toldCount)
        send { await self.tell(.agent(agent)) }
    }

    /// Shows news, or keeps them while a question would have to wait for them.
    private func tell(_ news: Notice) async {
        do throws(DBusError) {
            // Not worth starting a server for.
            let server = try await service.server(startingIt: false)
            guard !(server.queues && notificationState.isCrowded) else {
                held = (held + [news]).suffix(Self.heldCount)
                return
            }
            notificationState.disturb(now: clock.now)
            let id = try await service.notify(NotifyCall(telling: news, on: server), on: server)
            notificationState.newsPosted(id: id, now: clock.now)
        } catch {
            logger.debug("news were not shown", metadata: ["error": "\(error.name)"])
        }
    }

    private func releaseNews() {
        guard !held.isEmpty, !notificationState.isCrowded else { return }
        let news = held
        held = []
        send { for one in news { await self.tell(one) } }
    }
}
