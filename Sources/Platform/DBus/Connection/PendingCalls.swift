// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// The calls that wait for an answer, each with its deadline.
///
/// libdbus' own pending calls are not used: with a table of our own a call is answered, timed out and
/// cancelled in one place.
struct PendingCalls {
    typealias Outcome = Result<[Value], DBusError>

    private struct Sent {
        let id: Int
        let deadline: Deadline
    }

    private var sent: [UInt32: Sent] = [:]
    private var promises = Promises<Outcome>()

    mutating func add(id: Int, serial: UInt32, deadline: Deadline) {
        sent[serial] = Sent(id: id, deadline: deadline)
        promises.make(id)
    }

    mutating func wait(id: Int, _ continuation: CheckedContinuation<Outcome, Never>) {
        promises.wait(id, otherwise: .failure(.disconnected), continuation)
    }

    func isWaiting(for serial: UInt32) -> Bool {
        sent[serial] != nil
    }

    /// Gives a call its outcome; a late or unknown reply changes nothing.
    mutating func settle(serial: UInt32, _ outcome: Outcome) {
        guard let call = sent.removeValue(forKey: serial) else { return }
        promises.resolve(call.id, outcome)
    }

    mutating func fail(id: Int, _ error: DBusError) {
        guard let serial = sent.first(where: { $0.value.id == id })?.key else { return }
        settle(serial: serial, .failure(error))
    }

    mutating func failAll(_ error: DBusError) {
        sent = [:]
        promises.resolveAll(.failure(error))
    }
}

/// A one-shot timer on a queue, gone when it is let go of.
final class Deadline {
    private let source: any DispatchSourceTimer

    init(after duration: Duration, on queue: DispatchQueue, fire: @escaping @Sendable () -> Void) {
        source = DispatchSource.makeTimerSource(queue: queue)
        source.schedule(deadline: .now() + .milliseconds(Self.milliseconds(duration)))
        source.setEventHandler(handler: fire)
        source.activate()
    }

    deinit {
        source.cancel()
    }

    /// A day is as good as for ever here, and far from any overflow.
    private static func milliseconds(_ duration: Duration) -> Int {
        let limited = min(max(duration, .zero), .seconds(86_400)).components
        return Int(limited.seconds * 1000 + limited.attoseconds / 1_000_000_000_000_000)
    }
}
