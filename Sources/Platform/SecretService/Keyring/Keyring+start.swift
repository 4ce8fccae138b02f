// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import DBus
import Logging

// Who offers the keyring is the person's choice. The bus would start one of its own for whoever asks first, and that one
// keeps the name from the one that the person starts, or starts again: KeePassXC then offers nothing until it ends.
extension Keyring {
    /// Has the bus start a provider for a client's request, unless one has ever been here: that one is the person's, who
    /// has ended it or starts it again.
    package func startFirst() async {
        guard !hasHadProvider else { return }
        if let failedToStartAt, .now < failedToStartAt + comeback { return }
        do throws(KeyringError) {
            try await start()
        } catch {
            logger.debug("No Secret Service could be started", metadata: ["reason": "\(error)"])
        }
    }

    /// Has the bus start a provider if there is none.
    ///
    /// Call it only because of the person's word. One that has just left may be about to come back: that is waited for.
    func start() async throws(KeyringError) {
        try await watch()
        guard try await owner() == nil else { return }
        if let starting { return try await starting.value.get() }
        let task = Task(executorPreference: MainLoop.executor) {
            await Result { () async throws(KeyringError) in try await self.startNow() }
        }
        starting = task
        let outcome = await task.value
        starting = nil
        if case .failure = outcome { failedToStartAt = .now }
        try outcome.get()
    }

    private func startNow() async throws(KeyringError) {
        guard await canBeStarted() else { throw .noProvider }
        if let lostAt, await isBack(by: lostAt + comeback) { return }
        do throws(DBusError) {
            _ = try await bus.call(
                Names.daemon,
                Names.daemonPath,
                Names.daemonInterface,
                "StartServiceByName",
                [.string(Names.bus), .uint32(0)],
                timeout: deadline
            )
        } catch {
            throw error.name == DBusError.Name.noReply ? .deadline : .noProvider
        }
    }

    /// Whether a provider comes by itself until then.
    private func isBack(by end: ContinuousClock.Instant) async -> Bool {
        let left = end - .now
        // A bus that can't tell will say so when it is asked to start one.
        guard left > .zero, let owners = try? await bus.owners(of: Names.bus) else { return false }
        let outcome = await timed(left) {
            for await owner in owners where owner != nil { return true }
            return false
        }
        switch outcome {
        case .done(let isBack): return isBack
        // One is to be started then; who is cancelled is told so by the next wait.
        case .late, .cancelled: return false
        }
    }

    /// Whether nobody offers it now, and the bus could start somebody who does.
    package func isStartable() async -> Bool {
        do throws(KeyringError) {
            guard try await owner() == nil else { return false }
        } catch {
            return false
        }
        return await canBeStarted()
    }

    /// Whether the bus knows how to start a provider.
    func canBeStarted() async -> Bool {
        // A bus that can't tell starts none, either.
        let answer = try? await bus.call(
            Names.daemon,
            Names.daemonPath,
            Names.daemonInterface,
            "ListActivatableNames",
            timeout: deadline
        )
        return answer?.first?.asStrings?.contains(Names.bus) ?? false
    }
}
