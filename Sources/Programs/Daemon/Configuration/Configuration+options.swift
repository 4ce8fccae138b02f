// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Notifier
import Operations
import SessionWatch
import Settings

// What parts of the daemon want to know of the configuration, in their own words.
extension Configuration {
    /// How the built-in notifier is to be; nil for not at all.
    var notifierOptions: NotificationAnswerer.Options? {
        guard approval.notifier else { return nil }
        return .init(
            dismissalDenies: approval.dismissal == .deny,
            tellsDeliveries: notify.deliveries,
            limits: approval.approvalLimits
        )
    }

    /// What HTTP listeners go by.
    var listenerOptions: ListenerOptions {
        var options = ListenerOptions()
        options.allowedOrigins = http.allowedOrigins
        options.version = policy.standard.version
        return options
    }
}

extension LockSettings {
    /// When the session's events lock.
    var sessionOptions: SessionGuard.Options {
        var options = SessionGuard.Options()
        options.idle = idleMinutes > 0 ? .seconds(60 * idleMinutes) : nil
        options.delaysSleep = onSleep
        return options
    }
}
