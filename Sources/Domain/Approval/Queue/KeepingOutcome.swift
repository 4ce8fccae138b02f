// SPDX-License-Identifier: Apache-2.0

/// What came of keeping an answer that was meant for longer than once, or the mute that came with it.
struct KeepingOutcome: Sendable {
    /// Why it holds for less time than it was meant to; nil where it doesn't.
    var trouble: String?
    /// Whether the keyring takes so long that nobody knows yet.
    var isUndecided = false
    /// Whether the mute ends with the daemon.
    var isMuteLost = false

    /// It is kept as it was meant, as far as nothing else is said.
    init(trouble: String? = nil) {
        self.trouble = trouble
    }
}
