// SPDX-License-Identifier: Apache-2.0

import CLinux
import ConcurrencyTools
import Dispatch
import Glibc
import Synchronization

/// What is to be done before a signal ends the process, as long as this value lives.
///
/// Only for signals that would end it when the first of these values is made, and to which no `SignalStream` listens: one that
/// is ignored, or that somebody listens to, is left to them.
struct SignalCleanup: ~Copyable {
    private static let cleanups = Mutex<[UInt64: @Sendable () -> Void]>([:])
    private static let count = Atomic<UInt64>(0)

    /// Once made, they stay: libdispatch doesn't notice that a signal's action was changed after it had listened to it.
    ///
    /// Until it listens they end the process, which has nothing to clean up yet: an ignored one would be lost.
    private static let sources = {
        let listening = DispatchGroup()
        let sources = [SIGTERM, SIGHUP, SIGINT, SIGQUIT].filter(SignalStream.isDefault).map { number in
            let source = DispatchSource.makeSignalSource(signal: number, queue: Alarm.queue).concrete
            source.setEventHandler {
                guard !SignalStream.listens(to: number) else { return }
                for cleanUp in cleanups.withLock(\.values) { cleanUp() }
                end(by: number)
            }
            listening.enter()
            source.setRegistrationHandler { listening.leave() }
            source.activate()
            return source
        }
        // What isn't done by then ends the process without a clean-up, as kill(1) with its -KILL.
        _ = listening.wait(timeout: .now() + 1)
        return sources
    }()

    private let number: UInt64

    /// Has something done before, on another thread than the one that may be waiting for input.
    init(_ cleanUp: @escaping @Sendable () -> Void) {
        let number = Self.count.add(1, ordering: .relaxed).newValue
        self.number = number
        Self.cleanups.withLock { $0[number] = cleanUp }
        _ = Self.sources
    }

    deinit {
        let number = number
        Self.cleanups.withLock { $0[number] = nil }
    }

    /// Ends the process as if nobody had listened.
    private static func end(by number: Int32) {
        signal(number, SIG_DFL)
        // libdispatch blocks on its threads what it listens to.
        var unblocked = sigset_t()
        unsafe sigemptyset(&unblocked)
        unsafe sigaddset(&unblocked, number)
        unsafe pthread_sigmask(SIG_UNBLOCK, &unblocked, nil)
        raise(number)
    }
}
