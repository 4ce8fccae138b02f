// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools

/// The calls that wait for an answer, each with its deadline.
///
/// libdbus' own pending calls are not used: with a table of our own a call is answered, timed out and
/// cancelled in one place.
struct PendingCalls {
    typealias Outcome = Result<[Value], DBusError>

    private struct Sent {
        let id: Int
        let deadline: Alarm
    }

    private var sent: [UInt32: Sent] = [:]
    private var promises = Promises<Outcome>()

    mutating func add(id: Int, serial: UInt32, deadline: Alarm) {
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
