// SPDX-License-Identifier: Apache-2.0

/// When each program last had a vault offered that was never opened.
///
/// By what the kernel vouches for: another Origin or script is no other program.
actor UnlockOffers {
    /// How long a program has to wait for the next.
    static let pause: Duration = .seconds(600)
    /// More programs than ever wait for one vault.
    private static let most = 256

    private let now: @Sendable () -> ContinuousClock.Instant
    private var begun: [String: ContinuousClock.Instant] = [:]

    init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.now = now
    }

    /// Begins one for the programs at a connection, by their `vouchedIDs`; false if they may not have one now.
    func begin(_ programs: Set<String>) -> Bool {
        let now = now()
        begun = begun.filter { now - $0.value < Self.pause }
        guard begun.count < Self.most, programs.allSatisfy({ begun[$0] == nil }) else { return false }
        for program in programs { begun[program] = now }
        return true
    }
}
