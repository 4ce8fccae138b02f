// SPDX-License-Identifier: Apache-2.0

package import ConcurrencyTools

/// For whom a vault is unlocked, and where the person sits: for whatever asks them for the password.
package struct UnlockReason: Sendable {
    /// The asking program, or nil when the person unlocks by hand.
    package var program: String?
    /// The client's Id, where one has been verified.
    package var client: String?
    /// Whether the person unlocks it themselves, and can be asked for more than what opens it.
    package var isByHand: Bool
    /// Where the person can be asked, if not on the session's display.
    package var terminal: LentTerminal?
    /// Says when whoever unlocks has given it up.
    package var cancellation: Cancellation?

    /// Names who wants it; nobody if the person unlocks by hand.
    package init(
        program: String? = nil,
        client: String? = nil,
        isByHand: Bool = false,
        terminal: LentTerminal? = nil,
        cancellation: Cancellation? = nil
    ) {
        self.program = program
        self.client = client
        self.isByHand = isByHand
        self.terminal = terminal
        self.cancellation = cancellation
    }

    /// Whether whoever unlocks has given it up.
    package var isGivenUp: Bool { cancellation?.isCancelled ?? false }

    /// Does something and waits for it until whoever unlocks gives that up; then it goes on by itself.
    ///
    /// - Returns: What came of it; nil if it was given up.
    package func whileWanted<Value: Sendable>(
        _ work: @escaping @Sendable () async -> Value
    ) async -> Value? {
        guard let cancellation else { return await work() }
        guard !cancellation.isCancelled else { return nil }
        let (outcomes, outcome) = AsyncStream.makeStream(of: Value.self)
        cancellation.whenCancelled { outcome.finish() }
        Task(executorPreference: MainLoop.executor) {
            outcome.yield(await work())
            outcome.finish()
        }
        var iterator = outcomes.makeAsyncIterator()
        let value = await iterator.next()
        return cancellation.isCancelled ? nil : value
    }
}

/// A terminal that a program lends to whatever asks for a password, and keeps out of meanwhile.
package struct LentTerminal: Hashable, Sendable {
    /// Its device, such as `/dev/pts/3`.
    package let device: String
    /// What `TERM` is there.
    package let type: String?
    /// What `LC_CTYPE` is there.
    package let locale: String?
    /// Whether the person at it sees the session's display, too, so that a window will do as well.
    package let hasDisplay: Bool

    /// Describes a terminal.
    package init(device: String, type: String? = nil, locale: String? = nil, hasDisplay: Bool = false) {
        self.device = device
        self.type = type
        self.locale = locale
        self.hasDisplay = hasDisplay
    }
}

/// Why the person, who was asked, has not opened a vault.
package enum UnlockFailure: Hashable, Sendable {
    /// They, or the program that asked for them, gave it up.
    case cancelled
    /// Nobody answered in time.
    case timedOut
    /// No password that was typed is the right one.
    case wrongPassword
    /// No password that was typed is right with the key file: either may be the wrong one.
    case wrongPasswordOrKeyFile
    /// It was locked before it was open; whether a password was right doesn't matter then.
    case lockedMeanwhile

    /// A sentence that says what happened and what to do.
    ///
    /// - Parameter vault: The vault's name, fit to be shown.
    /// - Returns: The sentence.
    package func sentence(vault: String) -> String {
        switch self {
        case .cancelled: "\(vault) is still locked: the question for its password was cancelled."
        case .timedOut:
            "\(vault) is still locked: nobody answered the question for its password in time. Try again."
        case .lockedMeanwhile:
            "\(vault) is still locked: it was locked again while it was being unlocked. Try again."
        case .wrongPassword: "\(vault) is still locked: the password is wrong. Try again."
        case .wrongPasswordOrKeyFile:
            "\(vault) is still locked: the password is wrong, or the key file is not the vault's. Try again, and "
                + "see key_file in the configuration."
        }
    }
}
