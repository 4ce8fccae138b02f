// SPDX-License-Identifier: Apache-2.0

/// Outcomes that are waited for, each known by a number.
///
/// A promise is made before anything can resolve it, and may be resolved before anybody waits: between the two
/// there can be other work on the actor that holds this.
struct Promises<Outcome: Sendable> {
    private enum State {
        case made
        case awaited(CheckedContinuation<Outcome, Never>)
        case resolved(Outcome)
    }

    private var states: [Int: State] = [:]

    mutating func make(_ id: Int) {
        states[id] = .made
    }

    /// Waits for a promise that was made, once; `otherwise` is the outcome of one that was not.
    mutating func wait(_ id: Int, otherwise: Outcome, _ continuation: CheckedContinuation<Outcome, Never>) {
        switch states.removeValue(forKey: id) {
        case .made: states[id] = .awaited(continuation)
        case .resolved(let outcome): continuation.resume(returning: outcome)
        case .awaited, nil: continuation.resume(returning: otherwise)
        }
    }

    /// Gives a promise its outcome; the first one counts.
    mutating func resolve(_ id: Int, _ outcome: Outcome) {
        switch states[id] {
        case .made: states[id] = .resolved(outcome)
        case .awaited(let continuation):
            states[id] = nil
            continuation.resume(returning: outcome)
        case .resolved, nil: break
        }
    }

    mutating func resolveAll(_ outcome: Outcome) {
        for id in Array(states.keys) { resolve(id, outcome) }
    }
}
