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

    /// Whether a request that was read to its end waits for its answer; the heads behind it aren't told of yet.
    private var isWaiting = false

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
        case .nothing(let since): isWaiting ? .busy : .resting(since: since)
        case .head(let since) where isSilent: .silent(since: since)
        case .head: isWaiting ? .busy : .sending(since: begun)
        case .body: .sending(since: begun)
        }
    }

    /// Whether nothing is being read and no request waits for its answer.
    var isIdle: Bool {
        if case .nothing = reading { !isWaiting } else { false }
    }

    /// When to give up; nil for never.
    var deadline: ContinuousClock.Instant? {
        switch reading {
        case .nothing(let since): isWaiting ? nil : since + limits.idle
        case .head(let since): isWaiting ? nil : since + limits.head
        case .body(let since): since + limits.body
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
    }

    /// A request is complete.
    mutating func end(at now: ContinuousClock.Instant) {
        reading = .nothing(since: now)
        isWaiting = true
    }

    /// An answer is written.
    mutating func answered(at now: ContinuousClock.Instant) {
        isWaiting = false
        // What was being read meanwhile starts anew: it may have been us who kept it waiting.
        switch reading {
        case .nothing: reading = .nothing(since: now)
        case .head: (reading, begun) = (.head(since: now), now)
        case .body: break  // refused before its end: that answer is the last
        }
    }
}

extension ReadDeadlines.Limits {
    /// Takes them from a listener's options.
    init(_ options: ListenerOptions) {
        self.init(head: options.headDeadline, body: options.bodyDeadline, idle: options.idleDeadline)
    }
}
