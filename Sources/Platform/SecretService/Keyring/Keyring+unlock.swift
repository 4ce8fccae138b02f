// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import DBus
import Logging

extension Keyring {
    /// How long the person may take for a prompt that `store` or `delete` ran into.
    var promptTime: Duration { .seconds(120) }

    /// Unlocks the collection, and the items in it that were found locked: the provider asks the person.
    ///
    /// Where there is no provider, the bus starts one.
    ///
    /// Call it only because of the person's word.
    ///
    /// Whoever calls while a prompt is open waits for that one.
    ///
    /// - Parameter prompt: How long the person may take.
    /// - Throws: `.dismissed` when the person closed the prompt, `.deadline` when nobody answered it; it is
    ///   taken away then.
    package func unlock(prompt: Duration = .seconds(120)) async throws(KeyringError) {
        if let unlocking { return try await unlocking.value.get() }
        let task = Task(executorPreference: MainLoop.executor) {
            await Result { () async throws(KeyringError) in
                try await self.openCollection(within: prompt)
                try await self.confirmEssentials(within: prompt)
            }
        }
        unlocking = task
        let outcome = await task.value
        unlocking = nil
        try outcome.get()
    }

    /// Unlocks the collection alone, for storing something.
    ///
    /// Call it only because of the person's word.
    ///
    /// - Parameter prompt: How long the person may take.
    /// - Throws: As `unlock` does.
    package func unlockForStoring(prompt: Duration = .seconds(120)) async throws(KeyringError) {
        try await start()
        guard try await place().isLocked else { return }
        try await unlock(prompt: prompt)
    }

    private func openCollection(within time: Duration) async throws(KeyringError) {
        try await start()
        let place = try await place()
        if place.isLocked { try await open(place, within: time) }
    }

    /// Has the provider ask about items that it keeps locked in an open collection.
    private func confirmEssentials(within time: Duration) async throws(KeyringError) {
        for schema in essentials {
            // Only reading tells which they are.
            _ = try await openSecrets(of: try await items(schema: schema))
        }
        // What was found locked by itself: the person's word is for that, too. What is denied here stays locked, which
        // is no reason to call the collection so.
        do throws(KeyringError) {
            try await confirm(unconfirmed, within: time)
        } catch .dismissed {
            logger.notice("Not all of the items that the keyring asks about were allowed")
        } catch {
            throw error
        }
    }

    private func open(_ place: Place, within time: Duration) async throws(KeyringError) {
        let wanted = Value.array("o", [.objectPath(place.collection)])
        let answer = try await call(place.owner, Names.root, Names.service, "Unlock", [wanted])
        if let prompt = answer.last?.asObjectPath, prompt.text != Names.nothing {
            _ = try await run(prompt, of: place.owner, within: time)
        }
        // Whether a prompt that ended well has unlocked anything is seen by the collection alone.
        guard try await !self.place().isLocked else { throw .locked }
    }

    /// Runs a prompt that a call of our own connection was given.
    func run(_ prompt: ObjectPath, of owner: String, within time: Duration) async throws(KeyringError)
        -> Value
    {
        let bus = self.bus
        return try await complete(prompt.text, of: owner, within: time) {
            await Result { () async throws(KeyringError) in
                do throws(DBusError) {
                    // Some providers answer this only when the person has.
                    _ = try await bus.call(
                        owner,
                        prompt,
                        Names.prompt,
                        "Prompt",
                        [.string("")],
                        timeout: time,
                        noAutoStart: true
                    )
                } catch {
                    throw KeyringError(error)
                }
            }
        }
    }

    /// Waits for a prompt's end, which can be told before its start is answered: so it listens first.
    func complete(
        _ prompt: String,
        of owner: String,
        within time: Duration,
        start: @escaping @Sendable () async -> Result<Void, KeyringError>
    ) async throws(KeyringError) -> Value {
        guard let path = ObjectPath(prompt) else { throw .failed("the provider's prompt has no valid path") }
        let endings: AsyncStream<Message>
        let owners: AsyncStream<String?>
        do throws(DBusError) {
            endings = try await bus.signals(
                sender: owner,
                path: path,
                interface: Names.prompt,
                member: "Completed"
            )
            owners = try await bus.owners(of: owner)
        } catch {
            throw KeyringError(error)
        }
        let sighting = await PromptObserver(of: owner, on: bus)
        let step: PromptStep
        switch await timed(time, { await Self.first(of: endings, owners, start) }) {
        case .done(let first): step = first
        case .late:
            dismiss(path, of: owner)
            throw .deadline
        case .cancelled:
            // Nobody wants it any more.
            dismiss(path, of: owner)
            throw .dismissed
        }
        switch step {
        case .completed(let isDismissed, let result):
            guard !isDismissed else { throw await sighting.isPossible() ? .dismissed : .noDisplay }
            return result
        case .failed(let error): throw error
        case .providerLeft, .started: throw .noProvider
        }
    }

    private static func first(
        of endings: AsyncStream<Message>,
        _ owners: AsyncStream<String?>,
        _ start: @escaping @Sendable () async -> Result<Void, KeyringError>
    ) async -> PromptStep {
        await withTaskGroup(of: PromptStep.self) { group in
            group.addTask {
                for await ending in endings {
                    return .completed(
                        isDismissed: ending.body.first?.asBool ?? true,
                        result: ending.body.last?.opened ?? .boolean(false)
                    )
                }
                return .providerLeft
            }
            group.addTask {
                for await owner in owners where owner == nil { break }
                return .providerLeft
            }
            group.addTask {
                switch await start() {
                case .success: .started
                case .failure(let error): .failed(error)
                }
            }
            defer { group.cancelAll() }
            while let step = await group.next() {
                guard case .started = step else { return step }
            }
            return .providerLeft
        }
    }

    /// Takes a prompt away that nobody waits for any more; the caller may be cancelled, so it has a task of its own.
    func dismiss(_ prompt: ObjectPath, of owner: String) {
        Task(executorPreference: MainLoop.executor) {
            do throws(KeyringError) {
                _ = try await self.call(owner, prompt, Names.prompt, "Dismiss")
            } catch {
                self.logger.debug("The prompt could not be taken away", metadata: ["reason": "\(error)"])
            }
        }
    }
}

/// What can happen to a prompt.
private enum PromptStep: Sendable {
    case started
    case completed(isDismissed: Bool, result: Value)
    case failed(KeyringError)
    case providerLeft
}
