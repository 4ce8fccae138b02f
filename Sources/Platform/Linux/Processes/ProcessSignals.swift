// SPDX-License-Identifier: Apache-2.0

import CLinux
import ConcurrencyTools
import Dispatch
import Glibc
import Synchronization

/// What signals do to this process: the one place that changes it, for the daemon and for the commands.
///
/// A signal goes to all that listen to it. Where nobody does, it does what it did before anybody had listened: nothing where
/// it was ignored, else it ends the process, after what is to be done before (`SignalCleanup`).
///
/// What is heard once is heard to the process's end, by one source that is never cancelled. libdispatch doesn't notice
/// that an action is changed while it listens; it takes a signal up and gives it back on a thread of its own, and each
/// thread that has got one blocks it from then on; and of two sources of a signal of which one is cancelled, the other can
/// miss one.
package enum ProcessSignals {
    /// Someone who listens to some signals.
    private struct Listener {
        let numbers: Set<Int32>
        let hear: @Sendable (Int32) -> Void
    }

    private struct State {
        var count: UInt64 = 0
        var listeners: [UInt64: Listener] = [:]
        var cleanUps: [UInt64: @Sendable () -> Void] = [:]
        /// Those that are heard, and what hears them.
        var sources: [Int32: DispatchSource] = [:]
        /// Those of them that were ignored before.
        var ignored: Set<Int32> = []
        /// How many want a signal ignored for a while, and whether it was before.
        var suspensions: [Int32: (count: Int, wasIgnored: Bool)] = [:]

        mutating func next() -> UInt64 {
            count += 1
            return count
        }
    }

    private static let state = Mutex(State())

    /// Those that ask a process to end.
    private static let ending = [SIGTERM, SIGHUP, SIGINT, SIGQUIT]

    // MARK: - Listening

    /// Has something called, on a queue of its own, for each of these signals from now on.
    ///
    /// - Returns: What ends it, by `stopListening`.
    static func listen(to numbers: [Int32], _ hear: @escaping @Sendable (Int32) -> Void) -> UInt64 {
        let number = state.withLock { state in
            let number = state.next()
            state.listeners[number] = Listener(numbers: Set(numbers), hear: hear)
            return number
        }
        self.hear(numbers)
        return number
    }

    static func stopListening(_ number: UInt64) {
        state.withLock { $0.listeners[number] = nil }
    }

    /// Has something done before a signal ends the process, from now on; not for one that is ignored.
    ///
    /// - Returns: What ends that, by `removeCleanUp`.
    static func addCleanUp(_ cleanUp: @escaping @Sendable () -> Void) -> UInt64 {
        let number = state.withLock { state in
            let number = state.next()
            state.cleanUps[number] = cleanUp
            return number
        }
        hear(ending.filter(isDefault))
        return number
    }

    static func removeCleanUp(_ number: UInt64) {
        state.withLock { $0.cleanUps[number] = nil }
    }

    /// Hears these signals when it returns; until then they do what they did.
    private static func hear(_ numbers: [Int32]) {
        let isHeard = DispatchGroup()
        let new = state.withLock { state in
            let new = numbers.filter { state.sources[$0] == nil }.map { number in
                if !isDefault(number) { state.ignored.insert(number) }
                let source = DispatchSource.makeSignalSource(signal: number, queue: Alarm.queue).concrete
                state.sources[number] = source
                return (number, source)
            }
            return new
        }
        for (number, source) in new {
            source.setEventHandler { take(number) }
            isHeard.enter()
            source.setRegistrationHandler { isHeard.leave() }
            source.activate()
        }
        // A moment; one that took longer would find the signal as it was.
        if !new.isEmpty { _ = isHeard.wait(timeout: .now() + 1) }
    }

    private static func take(_ number: Int32) {
        let (listeners, cleanUps, isIgnored) = state.withLock { state in
            (
                state.listeners.values.filter { $0.numbers.contains(number) }, Array(state.cleanUps.values),
                state.ignored.contains(number)
            )
        }
        for listener in listeners { listener.hear(number) }
        guard listeners.isEmpty, !isIgnored, ending.contains(number) else { return }
        for cleanUp in cleanUps { cleanUp() }
        end(by: number)
    }

    // MARK: - Actions

    /// Whether a signal does what it does by default: nobody listens to it, and it isn't ignored.
    private static func isDefault(_ number: Int32) -> Bool {
        var action = sigaction()
        guard unsafe sigaction(number, nil, &action) == 0 else { return false }
        // SIG_DFL is the null pointer.
        return unsafe action.__sigaction_handler.sa_handler == nil
    }

    /// A signal does nothing from now on, unless somebody listens to it.
    package static func ignore(_ number: Int32) {
        state.withLock { state in
            state.ignored.insert(number)
            // libdispatch wouldn't notice.
            if state.sources[number] == nil { signal(number, SIG_IGN) }
        }
    }

    /// A signal that nobody listens to does nothing until `resume`.
    static func suspend(_ number: Int32) {
        state.withLock { state in
            let wasIgnored = state.suspensions[number]?.wasIgnored ?? !isDefault(number)
            state.suspensions[number] = ((state.suspensions[number]?.count ?? 0) + 1, wasIgnored)
            signal(number, SIG_IGN)
        }
    }

    /// A signal does again what it did before `suspend`.
    static func resume(_ number: Int32) {
        state.withLock { state in
            guard let former = state.suspensions.removeValue(forKey: number) else { return }
            if former.count > 1 {
                state.suspensions[number] = (former.count - 1, former.wasIgnored)
            } else {
                signal(number, former.wasIgnored ? SIG_IGN : SIG_DFL)
            }
        }
    }

    /// Ends the process as a signal does by itself, which is how a shell knows that its script is to end, too.
    package static func end(by number: Int32) -> Never {
        signal(number, SIG_DFL)
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, number)
        // Dispatch has blocked it in threads of its own.
        unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        raise(number)
        exit(128 + number)
    }
}
