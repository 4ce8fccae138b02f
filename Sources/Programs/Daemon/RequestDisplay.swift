// SPDX-License-Identifier: Apache-2.0

import Approval
import ConcurrencyTools
import DBus
import Logging
import Notifier
import Operations

/// Shows requests by the built-in notifier while the configuration says so, and else says when one waits that nothing
/// shows.
actor RequestDisplay: MainLoopActor {
    private let approvals: ApprovalBroker
    private let bus: BusConnection
    private let logger: Logger
    private var notifier: NotificationAnswerer?
    /// The notifier that is to show requests from now on; nil for none.
    private let (turns, turn) = AsyncStream<NotificationAnswerer?>.makeStream()

    /// Nothing is shown before `run`; without options the notifier is off.
    init(
        approvals: ApprovalBroker,
        bus: BusConnection,
        options: NotificationAnswerer.Options?,
        logger: Logger
    ) {
        (self.approvals, self.bus, self.logger) = (approvals, bus, logger)
        notifier = options.map {
            NotificationAnswerer(approvals: approvals, bus: bus, options: $0, logger: logger)
        }
        turn.yield(notifier)
    }

    /// Goes by other options from now on; what is on the screen stays there, unless there are none any more.
    func apply(_ options: NotificationAnswerer.Options?) async {
        if let notifier, let options { return await notifier.apply(options) }
        guard notifier != nil || options != nil else { return }
        notifier = options.map {
            NotificationAnswerer(approvals: approvals, bus: bus, options: $0, logger: logger)
        }
        turn.yield(notifier)
    }

    /// Tells the person of logins that were handed out, if they want to be told.
    func tell(_ delivery: Delivery) async {
        await notifier?.tellDelivery(
            client: delivery.client,
            program: Wording.asker(delivery.caller),
            host: delivery.host,
            count: delivery.count,
            passwords: delivery.passwords,
            wasAsked: delivery.wasAsked
        )
    }

    /// Shows what is to be shown until it is cancelled.
    func run() async {
        var showing: Task<Void, Never>?
        for await notifier in turns {
            // What it has on the screen is taken away before another begins.
            showing?.cancel()
            await showing?.value
            if notifier == nil { await approvals.notifierShowed([]) }
            showing = Task(executorPreference: MainLoop.executor) { [approvals, logger] in
                guard let notifier else {
                    return await UnseenRequestLog("is off", approvals, logger).run()
                }
                let log = UnseenRequestLog("can't show it", approvals, logger)
                await notifier.run { await log.run() }
            }
        }
        showing?.cancel()
        await showing?.value
    }
}
