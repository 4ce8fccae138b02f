// SPDX-License-Identifier: Apache-2.0

/// How long a connection's peer is waited for: a value that is told what happens and says until when.
///
/// Only the peer is timed. While one of its requests waits for our answer there is no deadline at all.
struct ReadDeadlines: Equatable {
    /// How long each phase may take.
    struct Limits: Equatable {
        let head: Duration
        let body: Duration
        let idle: Duration
    }

    /// What is being read.
    private enum Reading: Equatable {
        /// Nothing since this moment.
        case nothing(since: ContinuousClock.Instant)

        /// A head, begun then.
        case head(since: ContinuousClock.Instant)

        /// A body, whose head was complete then.
        case body(since: ContinuousClock.Instant)
    }

    private let limits: Limits
    private var reading: Reading
    private var isSilent = true
    /// When the first byte came of the request that is being read.
    private var begun: ContinuousClock.Instant

    /// Requests whose head was read and whose answer isn't written.
    private(set) var pending = 0

    /// Starts with a new connection, whose first head is due.
    init(limits: Limits, now: ContinuousClock.Instant) {
        self.limits = limits
        reading = .head(since: now)
        begun = now
    }

    /// Whether a request has begun but hasn't been read to its end.
    var isReadingBody: Bool {
        if case .body = reading { true } else { false }
    }

    /// What the connection is doing.
    var phase: ConnectionPhase {
        switch reading {
        case .nothing(let since): pending == 0 ? .resting(since: since) : .busy
        case .head(let since) where isSilent: .silent(since: since)
        case .head: pending == 0 ? .sending(since: begun) : .busy
        case .body: pending <= 1 ? .sending(since: begun) : .busy
        }
    }

    /// Whether nothing is being read and no request waits for its answer.
    var isIdle: Bool {
        if case .nothing = reading { pending == 0 } else { false }
    }

    /// When to give up; nil for never.
    var deadline: ContinuousClock.Instant? {
        switch reading {
        case .nothing(let since): pending == 0 ? since + limits.idle : nil
        case .head(let since): pending == 0 ? since + limits.head : nil
        // A second request may come while the first waits; then it is us who don't read on.
        case .body(let since): pending <= 1 ? since + limits.body : nil
        }
    }

    /// Bytes came.
    mutating func bytes(at now: ContinuousClock.Instant) {
        if case .nothing = reading {
            (reading, begun) = (.head(since: now), now)
        } else if isSilent {
            begun = now
        }
        isSilent = false
    }

    /// A head is complete.
    mutating func head(at now: ContinuousClock.Instant) {
        reading = .body(since: now)
        pending += 1
    }

    /// A request is complete.
    mutating func end(at now: ContinuousClock.Instant) {
        reading = .nothing(since: now)
    }

    /// An answer is written.
    mutating func answered(at now: ContinuousClock.Instant) {
        pending -= 1
        // What was being read meanwhile starts anew: it may have been us who kept it waiting.
        switch reading {
        case .nothing: reading = .nothing(since: now)
        case .head: (reading, begun) = (.head(since: now), now)
        case .body: if pending > 0 { (reading, begun) = (.body(since: now), now) }
        }
    }
}
