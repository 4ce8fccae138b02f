// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
package import DBus
package import Logging

/// The person's keyring: one collection of whatever offers the Secret Service.
///
/// Nothing here asks the person unless `unlock` is called, nothing waits longer than its deadline, and a
/// locked collection is always told apart from an empty one. Secrets go through libsecret's encrypted session;
/// everything else, prompts and signals above all, goes over our own connection, where no thread waits.
package actor Keyring: MainLoopActor {
    let bus: BusConnection
    let library: SecretLibrary
    let deadline: Duration
    let logger: Logger
    private let name: String
    /// Schemas whose every secret is read; `unlock` asks about those that are locked by themselves.
    let essentials: [String]
    /// Long enough for very many changed items at once, so that news of a lock isn't lost among them.
    nonisolated let happenings = Broadcast<KeyringEvent>(backlog: 65_536)

    /// The collection's path and lock as last seen, for telling what a signal is about.
    var seenPath: ObjectPath?
    var seenLocked: Bool?
    /// Whether the first look is behind us; what it finds is no event.
    var hasSettled = false
    /// The provider as the bus last told; nil until it has told.
    var knownOwner: String??
    /// When a provider left; nil while there is one, or if there never was.
    var lostAt: ContinuousClock.Instant?
    /// Whether a provider has been on the bus since we came.
    var hasHadProvider = false
    /// The provider that the bus is being asked to start, and when it last couldn't.
    var starting: Task<Result<Void, KeyringError>, Never>?
    var failedToStartAt: ContinuousClock.Instant?
    /// How long one that has left may take to come back before the bus is asked for another.
    let comeback: Duration
    /// What is remembered of the program that offers the keyring.
    let memory: ProviderMemory?
    var watching: Task<Result<Void, KeyringError>, Never>?
    var followers: [Task<Void, Never>] = []
    var unlocking: Task<Result<Void, KeyringError>, Never>?

    /// What was told of items since the provider was last at rest.
    var itemNews = ItemNews()
    /// Paths of items that were found locked in an open collection; `unlock` asks about them.
    var unconfirmed: Set<String> = []
    /// The questions about such items that are being asked, and the last of them.
    var confirmations: [Set<String>: Task<Result<Void, KeyringError>, Never>] = [:]
    var questions = SerialTaskQueue()
    /// What is told of the programs that offer it.
    var introductions = SerialTaskQueue()
    /// The provider that hasn't answered libsecret in time, until it answers a ping.
    private var silent: String?
    /// The collection that had the configured label; KeePassXC shows that only of an open database.
    private var labelled: ObjectPath?

    /// Describes the keyring; nothing is called yet.
    ///
    /// - Parameters:
    ///   - bus: Our connection to the session bus.
    ///   - address: The same bus's address for libsecret's own connection, or nil for the environment's.
    ///   - collection: An alias (`default`), a collection's label or last path element, or its whole path.
    ///   - essentials: Schemas whose every secret is needed: an unlock is for these, too, where the provider keeps
    ///     single items locked.
    ///   - deadline: How long the provider may take for one call.
    ///   - comeback: How long one that has left may take to come back before the bus is asked for another.
    ///   - memory: What is remembered of the program that offers it.
    ///   - logger: Where trouble goes; never a secret or an attribute.
    package init(
        bus: BusConnection,
        address: String? = nil,
        collection: String = "default",
        essentials: [String] = [],
        deadline: Duration = .seconds(5),
        comeback: Duration = .seconds(10),
        memory: ProviderMemory? = nil,
        logger: Logger
    ) {
        self.bus = bus
        self.name = collection
        self.essentials = essentials
        self.deadline = deadline
        self.comeback = comeback
        self.memory = memory
        self.logger = logger
        library = SecretLibrary(address: address, deadline: deadline)
    }

    deinit {
        for follower in followers { follower.cancel() }
    }

    /// Whether it is whatever collection the provider has for those who name none.
    package nonisolated var isDefault: Bool { name == "default" }

    /// How the collection stands now; starts no provider, and never asks the person.
    ///
    /// Where there is none that the bus could start, it counts as locked.
    package func state() async -> CollectionState {
        do throws(KeyringError) {
            return try await place().isLocked ? .locked : .unlocked
        } catch .locked {
            return .locked
        } catch .noDefaultCollection {
            return .noCollection
        } catch {
            return .noProvider
        }
    }

    // MARK: - Finding the collection

    /// Where our collection is now, and who serves it.
    struct Place: Sendable {
        let owner: String
        let collection: ObjectPath
        let isLocked: Bool
    }

    /// Looks up provider, alias and lock afresh: a few local round trips, against any staleness.
    func place() async throws(KeyringError) -> Place {
        try await watch()
        let owner = try await provider()
        let path = try await collection(of: owner)
        let value = try await property("Locked", of: path, interface: Names.collection, owner: owner)
        guard let isLocked = value.asBool else {
            throw .failed("the collection does not say if it is locked")
        }
        note(path: path, isLocked: isLocked)
        return Place(owner: owner, collection: path, isLocked: isLocked)
    }

    /// The same, for what needs an open collection.
    func openPlace() async throws(KeyringError) -> Place {
        let place = try await place()
        guard !place.isLocked else { throw .locked }
        return place
    }

    /// The unique name of the provider; none is started for it.
    ///
    /// - Throws: `.locked` where the bus could start one: that takes the person's word, as an unlock does.
    func provider() async throws(KeyringError) -> String {
        if let owner = try await owner() { return owner }
        throw await canBeStarted() ? .locked : .noProvider
    }

    func owner() async throws(KeyringError) -> String? {
        do throws(DBusError) {
            return try await bus.owner(of: Names.bus)
        } catch {
            throw KeyringError(error)
        }
    }

    private func collection(of owner: String) async throws(KeyringError) -> ObjectPath {
        if name.hasPrefix("/") {
            guard let path = ObjectPath(name) else { throw .noDefaultCollection }
            return path
        }
        let answer = try await call(owner, Names.root, Names.service, "ReadAlias", [.string(name)])
        if let path = answer.first?.asObjectPath, path.text != Names.nothing { return path }
        guard name != "default" else { throw .noDefaultCollection }
        let all = try await property("Collections", of: Names.root, interface: Names.service, owner: owner)
        let paths = (all.asArray ?? []).compactMap(\.asObjectPath)
        for path in paths {
            if path.text.hasSuffix("/" + name) { return path }
            let label = try await property("Label", of: path, interface: Names.collection, owner: owner)
            if label.asString == name {
                labelled = path
                return path
            }
        }
        if let labelled, paths.contains(labelled) { return labelled }
        throw .noDefaultCollection
    }

    // MARK: - Calls

    func call(
        _ owner: String,
        _ path: ObjectPath,
        _ interface: String,
        _ member: String,
        _ arguments: [Value] = []
    ) async throws(KeyringError) -> [Value] {
        do throws(DBusError) {
            return try await bus.call(
                owner,
                path,
                interface,
                member,
                arguments,
                timeout: deadline,
                noAutoStart: true
            )
        } catch {
            throw await explained(KeyringError(error), owner)
        }
    }

    /// Asks libsecret, whose errors are those of calls too; at once in vain while the provider is known to be silent.
    ///
    /// - Parameters:
    ///   - owner: The provider.
    ///   - question: Asks.
    /// - Returns: What it gives.
    /// - Throws: What it throws; `.deadline` at once where there is no hope.
    func asked<Answer: Sendable>(
        _ owner: String,
        _ question: @Sendable () async throws(KeyringError) -> Answer
    ) async throws(KeyringError) -> Answer {
        guard silent != owner else { throw .deadline }
        do throws(KeyringError) {
            return try await question()
        } catch {
            let failure = await explained(error, owner)
            if failure == .deadline { awaitAnswer(of: owner) }
            throw failure
        }
    }

    private func awaitAnswer(of owner: String) {
        guard silent != owner else { return }
        silent = owner
        Task(executorPreference: MainLoop.executor) { [weak self, bus] in
            // Any error is an answer, or says that it has left; after a day it may be asked anew.
            _ = try? await bus.call(
                owner,
                Names.root,
                "org.freedesktop.DBus.Peer",
                "Ping",
                timeout: .seconds(86_400),
                noAutoStart: true
            )
            await self?.answered(owner)
        }
    }

    private func answered(_ owner: String) {
        if silent == owner { silent = nil }
    }

    /// Tells a provider that has left in the midst of a call from one that is slow: the bus says "no reply" of both.
    private func explained(_ error: KeyringError, _ owner: String) async -> KeyringError {
        guard error == .deadline else { return error }
        do throws(DBusError) {
            return try await bus.owner(of: owner) == nil ? .noProvider : error
        } catch {
            return .noProvider
        }
    }

    func property(
        _ property: String,
        of path: ObjectPath,
        interface: String,
        owner: String
    ) async throws(KeyringError) -> Value {
        let answer = try await call(
            owner,
            path,
            Names.properties,
            "Get",
            [.string(interface), .string(property)]
        )
        guard let value = answer.first?.opened else { throw .failed("\(property) has no value") }
        return value
    }
}

extension KeyringError {
    /// What an error of a call over our own connection means to us.
    init(_ error: DBusError) {
        self.init(busError: error.name, message: error.message)
    }
}
