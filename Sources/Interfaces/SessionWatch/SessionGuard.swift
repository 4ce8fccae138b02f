// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
package import DBus
import Glibc
package import Logging

/// Watches the person's session for what should lock their secrets: the screen, sleep, idleness.
///
/// What a signal means is `ScreenState`'s and `IdleClock`'s business; this actor listens and passes events on, one
/// after the other, each when the one before has been handled. Nothing polls.
package actor SessionGuard: MainLoopActor {
    /// What the person has set.
    package struct Options: Sendable, Equatable {
        /// After how long without use it is idle; nil for never.
        package var idle: Duration?
        /// Whether sleep waits for the event to be handled.
        package var delaysSleep = true

        /// Watches everything but idleness.
        package init() {}
    }

    /// Connects to the system bus; there is none in a container.
    package typealias Connect = @Sendable () async throws(DBusError) -> BusConnection

    private let session: BusConnection
    private let connectToSystem: Connect
    private var options: Options
    private let logger: Logger
    private let handle: @Sendable (SessionEvent) async -> Void
    private let clock = ContinuousClock()
    private let (events, tell) = AsyncStream<Told>.makeStream()
    private let (begins, begin) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    private var screen = ScreenState()
    private var idle: IdleClock
    private var sessions: [ObjectPath: Seen] = [:]
    /// What delays the next sleep.
    private var sleepDelay: PassedDescriptor?
    private var isAsleep = false
    /// Where sleep is delayed, while there is a system bus.
    private var login: LoginManager?
    private var alarms: [Alarm] = []

    /// An event, and what delays sleep until it has been handled.
    private struct Told {
        let event: SessionEvent
        let delay: PassedDescriptor?
    }

    /// A session, and since when it is idle on our clock.
    private struct Seen {
        let facts: LoginManager.Facts
        let idleSince: ContinuousClock.Instant?
    }

    /// To be marked at every use of a vault.
    package nonisolated let use: LastUse

    /// A watch that hears nothing before `run`.
    ///
    /// - Parameters:
    ///   - session: The session bus.
    ///   - system: Connects to the system bus.
    ///   - options: What the person has set.
    ///   - logger: Says what can't be watched.
    ///   - handle: Handles the events; sleep waits for it.
    package init(
        session: BusConnection,
        system: @escaping Connect = { () throws(DBusError) in try await BusConnection.connect(.system) },
        options: Options = Options(),
        logger: Logger,
        handle: @escaping @Sendable (SessionEvent) async -> Void
    ) {
        self.session = session
        connectToSystem = system
        self.options = options
        self.logger = logger
        self.handle = handle
        idle = IdleClock(limit: options.idle)
        use = LastUse { [begin] in begin.yield(()) }
    }

    /// Goes by other options from now on; time without use is counted from now.
    package func apply(_ options: Options) async {
        let former = self.options
        self.options = options
        if options.idle != former.idle {
            use.touch()
            idle.change(limit: options.idle, isInUse: use.isInUse, now: clock.now)
            send([])
        }
        guard options.delaysSleep != former.delaysSleep else { return }
        sleepDelay = nil
        if let login { await delaySleep(with: login) }
    }

    /// Watches until the session bus goes or the task is cancelled.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.handleEvents() }
            group.addTask {
                for await _ in self.begins { await self.useBegins() }
            }
            for (name, paths) in ScreenSavers.services {
                group.addTask { await self.followScreenSaver(name, paths) }
            }
            group.addTask { await self.followLogin() }
        }
        alarms = []
        sleepDelay = nil
    }

    private func handleEvents() async {
        for await told in events {
            await handle(told.event)
            // The computer sleeps once this has been let go of.
            withExtendedLifetime(told.delay) {}
        }
    }

    // MARK: - Services that report

    private func followScreenSaver(_ name: String, _ paths: [ObjectPath]) async {
        do throws(DBusError) {
            try await ScreenSavers(bus: session).follow(name, paths: paths) { isActive in
                await self.heard(.screenSaver(name), isActive)
            }
        } catch {
            logger.warning(
                "a screen saver can't be watched",
                metadata: ["name": "\(name)", "why": "\(error.name)"]
            )
        }
    }

    private func followLogin() async {
        let bus: BusConnection
        do throws(DBusError) {
            bus = try await connectToSystem()
        } catch {
            // Usual in a container; the screen savers of the session are still heard.
            logger.debug("no system bus to hear of sleep on", metadata: ["why": "\(error.name)"])
            return
        }
        let login = LoginManager(bus: bus, uid: getuid())
        self.login = login
        do throws(DBusError) {
            try await login.follow { await self.take($0, from: login) }
        } catch {
            logger.warning("logind can't be watched", metadata: ["why": "\(error.name)"])
        }
        self.login = nil
        await bus.close()
    }

    private func take(_ news: LoginManager.News, from login: LoginManager) async {
        switch news {
        case .appeared:
            for path in await login.sessions() { await look(at: path, of: login) }
            await delaySleep(with: login)
        case .left:
            for path in sessions.keys { forget(path) }
            sleepDelay = nil
        case .changed(let path): await look(at: path, of: login)
        case .removed(let path): forget(path)
        case .lock(let path):
            guard await login.facts(of: path) != nil else { return }
            send(screen.lockRequested(now: clock.now))
        case .unlock(let path):
            guard await login.facts(of: path) != nil else { return }
            send(screen.unlockRequested())
        case .sleep:
            isAsleep = true
            tell.yield(Told(event: .goesToSleep, delay: sleepDelay))
            sleepDelay = nil
        case .wake:
            isAsleep = false
            await delaySleep(with: login)
            send([.wokeUp])
        }
    }

    private func delaySleep(with login: LoginManager) async {
        guard options.delaysSleep else { return }
        do throws(DBusError) {
            let delay = try await login.delaySleep()
            // It would pointlessly hold up a sleep that has begun meanwhile.
            // Nor is it wanted if the settings have changed.
            sleepDelay = isAsleep || !options.delaysSleep ? nil : delay
        } catch {
            logger.warning(
                "sleep can't be delayed until the vaults are locked: they may still be open when the computer wakes up",
                metadata: ["why": "\(error.name): \(error.message)"]
            )
        }
    }

    private func look(at path: ObjectPath, of login: LoginManager) async {
        guard let facts = await login.facts(of: path) else { return forget(path) }
        let former = sessions[path]
        // Once it is known it stays: the monotonic clock has stood still while the computer slept, and ours hasn't.
        let isSame = former?.facts.idleSince == facts.idleSince
        let since = isSame ? former?.idleSince : facts.idleSince.map(instant)
        sessions[path] = Seen(facts: facts, idleSince: since)
        heard(.session(path.text), facts.isLocked)
        sessionsChanged()
    }

    private func forget(_ path: ObjectPath) {
        guard sessions.removeValue(forKey: path) != nil else { return }
        heard(.session(path.text), false)
        sessionsChanged()
    }

    private func heard(_ witness: ScreenState.Witness, _ isLocked: Bool) {
        send(screen.heard(witness, isLocked: isLocked))
    }

    // MARK: - Idleness

    private func useBegins() {
        idle.begin(now: clock.now)
        send([])
    }

    /// The person is away from all their screens since the last one was left.
    private func sessionsChanged() {
        let screens = sessions.values.filter(\.facts.isGraphical)
        let since = screens.compactMap(\.idleSince).max()
        let isAway = !screens.isEmpty && screens.allSatisfy { $0.idleSince != nil }
        tellIdle(idle.session(idleSince: isAway ? since : nil, lastUse: use.last, now: clock.now))
    }

    private func tellIdle(_ events: [SessionEvent]) {
        if events.contains(.idle) { use.rest() }
        send(events)
    }

    /// A time of the monotonic clock, in microseconds, on ours.
    private func instant(_ microseconds: UInt64) -> ContinuousClock.Instant {
        var now = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        let monotonic = Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000
        return clock.now - .microseconds(max(0, monotonic - Int64(clamping: microseconds)))
    }

    // MARK: - Passing events on

    private func send(_ events: [SessionEvent]) {
        for event in events { tell.yield(Told(event: event, delay: nil)) }
        let dues = [screen.alarm, idle.alarm].compactMap(\.self)
        alarms = dues.map { due in
            Alarm(after: due - clock.now) { [weak self] in
                Task(executorPreference: MainLoop.executor) { await self?.rang() }
            }
        }
    }

    private func rang() {
        let now = clock.now
        send(screen.tick(now: now))
        tellIdle(idle.look(lastUse: use.last, now: now))
    }
}
