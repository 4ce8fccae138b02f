// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import DBus
import Synchronization

/// Whether the person can have seen a provider's prompt.
///
/// gnome-keyring has another program show its prompts. Where that one finds no display it ends before it has taken its
/// bus name, and the prompt counts as closed by the person.
final class PromptObserver: Sendable {
    private static let gnomeKeyring = "org.gnome.keyring"
    private static let prompter = "org.gnome.keyring.SystemPrompter"

    private struct State {
        /// Whether the prompter has been on the bus; nil for providers that show prompts themselves.
        var isSeen: Bool?
        var watch: Task<Void, Never>?
    }

    private let bus: BusConnection
    private let state = Mutex(State())

    /// Watches from now on, before the prompt begins.
    init(of provider: String, on bus: BusConnection) async {
        self.bus = bus
        // A bus that can't tell: then the provider is believed.
        guard (try? await bus.owner(of: Self.gnomeKeyring)) == provider,
            let owners = try? await bus.owners(of: Self.prompter)
        else { return }
        state.withLock { $0.isSeen = false }
        let task = Task(executorPreference: MainLoop.executor) { [weak self] in
            for await owner in owners where owner != nil { self?.state.withLock { $0.isSeen = true } }
        }
        state.withLock { $0.watch = task }
    }

    deinit {
        state.withLock { $0.watch?.cancel() }
    }

    /// Whether it was shown, as far as one can tell, once the provider has said that it is closed.
    func isPossible() async -> Bool {
        // What the bus had to tell of the prompter has arrived before this is answered.
        let isThere = (try? await bus.owner(of: Self.prompter)) != nil
        return isThere || state.withLock { $0.isSeen } ?? true
    }
}
