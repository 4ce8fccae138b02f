// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import DBus
import Logging

extension Keyring {
    /// What happens in the keyring from now on; each caller has a stream of its own.
    ///
    /// Signals are subscribed to at the first call that needs the bus, such as `state()`.
    package nonisolated func events() -> AsyncStream<KeyringEvent> {
        happenings.listen()
    }

    /// Subscribes once; every look at the keyring comes after it, so no change is missed in between.
    func watch() async throws(KeyringError) {
        if let watching { return try await watching.value.get() }
        let task = Task(executorPreference: MainLoop.executor) {
            await Result { () async throws(KeyringError) in try await self.subscribe() }
        }
        watching = task
        let outcome = await task.value
        if case .failure = outcome { watching = nil }
        try outcome.get()
    }

    private func subscribe() async throws(KeyringError) {
        do throws(DBusError) {
            let owners = try await bus.owners(of: Names.bus)
            let service = try await bus.signals(sender: Names.bus, path: Names.root, interface: Names.service)
            let collections = try await bus.signals(sender: Names.bus, interface: Names.collection)
            let properties = try await bus.signals(
                sender: Names.bus,
                interface: Names.properties,
                member: "PropertiesChanged",
                firstArgument: Names.collection
            )
            followers = [
                follow(owners) { await $0.ownerIs($1) },
                follow(service) { await $0.serviceSays($1) },
                follow(collections) { await $0.collectionSays($1) },
                follow(properties) { await $0.propertiesAre($1) },
            ]
        } catch {
            throw KeyringError(error)
        }
    }

    private func follow<Element: Sendable>(
        _ stream: AsyncStream<Element>,
        _ act: @escaping @Sendable (Keyring, Element) async -> Void
    ) -> Task<Void, Never> {
        Task(executorPreference: MainLoop.executor) { [weak self] in
            for await element in stream {
                guard let self else { return }
                await act(self, element)
            }
        }
    }

    // MARK: - What signals mean

    private func ownerIs(_ owner: String?) async {
        let former = knownOwner
        knownOwner = .some(owner)
        if owner != nil { (hasHadProvider, lostAt) = (true, nil) }
        // The first element is how things stand, not a change.
        guard let former else { return tell(of: owner, isNew: false) }
        guard former != owner else { return }
        seenPath = nil
        seenLocked = nil
        unconfirmed = []
        if owner == nil { lostAt = .now }
        await library.forget()
        if former != nil {
            logger.notice("The Secret Service has left the bus; its keys are forgotten until it is back")
            happenings.send(.providerLeft)
        }
        guard owner != nil else { return }
        happenings.send(.providerAppeared)
        tell(of: owner, isNew: true)
        // One that comes open lets go on who waits for that; its word of it may have come before ours.
        Task(executorPreference: MainLoop.executor) { await self.lookAgain() }
    }

    /// Logs which program offers the keyring now, and whether that is another than before: the keys are in that one.
    private func tell(of owner: String?, isNew: Bool) {
        guard let owner else { return }
        introductions.join { await self.introduce(owner, isNew: isNew) }
    }

    private func introduce(_ owner: String, isNew: Bool) async {
        let process = await ProviderProcess(owner, on: bus)
        let before = await memory?.takeIn(process)
        var metadata: Logger.Metadata = ["program": "\(process.name)"]
        if let pid = process.pid { metadata["pid"] = "\(pid)" }
        if isNew { logger.notice("A Secret Service has come to the bus", metadata: metadata) }
        guard let before else { return }
        metadata["before"] = "\(before)"
        logger.warning(
            "Another program than before offers the Secret Service: what was stored with that one isn't here",
            metadata: metadata
        )
    }

    private func serviceSays(_ signal: Message) async {
        guard let path = signal.body.first?.asObjectPath else { return }
        switch signal.member {
        case "CollectionChanged" where path == seenPath:
            await lookAgain()
        case "CollectionDeleted" where path == seenPath:
            seenPath = nil
            seenLocked = nil
            happenings.send(.itemsChanged(path: nil))
        case "CollectionCreated" where seenPath == nil:
            await lookAgain()
        default:
            break
        }
    }

    private func collectionSays(_ signal: Message) {
        guard signal.path == seenPath, let item = signal.body.first?.asObjectPath else { return }
        guard ["ItemCreated", "ItemChanged", "ItemDeleted"].contains(signal.member) else { return }
        let isSettled = !itemNews.isUnsettled
        if let event = itemNews.hears(of: item.text) { happenings.send(event) }
        if isSettled, let provider = signal.sender { waitForRest(of: provider) }
    }

    /// A provider that answers a call has sent what it had to say before; whatever the answer is.
    private func waitForRest(of provider: String) {
        Task(executorPreference: MainLoop.executor) {
            // An error is an answer, too.
            _ = try? await self.call(provider, Names.root, "org.freedesktop.DBus.Peer", "Ping")
            await self.tellTheRest()
        }
    }

    private func tellTheRest() {
        for event in itemNews.settles() { happenings.send(event) }
    }

    private func propertiesAre(_ signal: Message) async {
        guard let path = seenPath, signal.path == path, signal.body.count >= 3 else { return }
        if let isLocked = signal.body[1].vardict?["Locked"]?.asBool {
            note(path: path, isLocked: isLocked)
        } else if signal.body[2].asStrings?.contains("Locked") ?? false {
            await lookAgain()
        }
    }

    private func lookAgain() async {
        do throws(KeyringError) {
            _ = try await place()
        } catch {
            logger.debug("The collection could not be looked at", metadata: ["reason": "\(error)"])
        }
    }

    /// Takes in how the collection stands, and tells if that is new: some providers don't signal it.
    func note(path: ObjectPath, isLocked: Bool) {
        let isKnown = path == seenPath && isLocked == seenLocked
        let isFirst = seenPath == nil && seenLocked == nil
        seenPath = path
        seenLocked = isLocked
        guard !isKnown, !isFirst || hasSettled else { hasSettled = true; return }
        hasSettled = true
        if isLocked { unconfirmed = [] }
        happenings.send(isLocked ? .locked : .unlocked)
    }
}
