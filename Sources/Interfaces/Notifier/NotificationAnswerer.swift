// SPDX-License-Identifier: Apache-2.0

package import Approval
package import Callers
import ConcurrencyTools
package import DBus
package import Logging

/// The built-in notifier: shows requests on `org.freedesktop.Notifications` and takes the answer from its buttons.
///
/// What a signal means is `NotificationState`'s business; this actor talks to the bus and to the broker.
package actor NotificationAnswerer: MainLoopActor {
    /// What the person has configured.
    package struct Options: Sendable, Equatable {
        /// `[approval] dismiss = "deny"`: a dismissed notification denies.
        package var dismissalDenies: Bool
        /// `[notify] deliveries`: whether deliveries are announced.
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

    /// How many news items wait for a question to be answered, at most.
    static let heldCount = 8

    let approvals: ApprovalBroker
    let service: NotificationsProxy
    var options: Options
    let logger: Logger
    let clock = ContinuousClock()
    var notificationState: NotificationState
    var deliveries: DeliveryNotices
    var alarm: (due: ContinuousClock.Instant, alarm: Alarm)?
    /// The agents that the person has been told about, by their unique names, the latest last.
    var toldAgents: [String] = []
    static let toldCount = 64
    /// Calls to the server that are under way, so that none is cut off when the notifier ends.
    var followUps: [UInt64: Task<Void, Never>] = [:]
    var lastErrand: UInt64 = 0
    /// The server, by its unique name, if it keeps on the screen what it was told to close.
    var keeper: String?
    /// The codes that the broker knows to be shown to the person.
    var seen: Set<String> = []
    var isTellingSeen = false
    /// Whether nothing is to be shown any more.
    var hasEnded = false
    /// News items that would stand in a question's way.
    var held: [Notice] = []

    /// Makes a notifier that shows nothing before `run`; `look` identifies a notification server's process.
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
        // Before the first notification, or the answer to it could be missed.
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
        // A server that hangs must not hold up the daemon's end; one that answers takes away what it shows, also where this
        // was cancelled, as a reload does that turns the notifier off.
        _ = await timedDespiteCancellation(.seconds(2)) { await self.finishErrands() }
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
            // Whoever answered: what is confirmed first is only reported to `keybell allow`.
            if let trouble = ended.keepTrouble {
                send { await self.tell(.notKept(ended.request, trouble)) }
            }
        case .failed(let ended):
            if let why = ended.failure { send { await self.tell(.failed(ended.request, why)) } }
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

    func rang(_ due: ContinuousClock.Instant) {
        if alarm?.due == due { alarm = nil }
        carryOut(notificationState.tick(now: clock.now))
    }
}
