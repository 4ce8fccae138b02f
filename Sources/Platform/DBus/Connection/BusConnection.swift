// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// A connection to a message bus: calls out, signals in, objects shown to others.
///
/// It lives on a dispatch queue of its own, on which every call of libdbus is made and no call waits. Nothing
/// polls: the queue runs when the bus sends something or a deadline passes. When the bus goes, every call that
/// waits fails with `disconnected`, every stream ends, and the connection stays closed for good.
package actor BusConnection {
    /// The name that the bus gave to this connection.
    package nonisolated let uniqueName: String

    nonisolated let executor: QueueExecutor
    nonisolated let handlers: HandlerExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    let link: Link
    /// Over which it is found out whose the connections are that call; nil for this one.
    let identifying: BusConnection?
    private(set) var isClosed = false
    var calls = PendingCalls()
    var subscriptions: [Int: Subscription] = [:]
    var ownersOfSenders: [String: TrackedOwner] = [:]
    var connectionStarts = ConnectionStarts()
    var objects = ObjectTree()
    /// How many calls of each caller are being worked at.
    var servedCalls = ServedCalls()
    /// The look-ups of whose connection it is that are under way, by its name.
    var lookups: [String: Task<Void, Never>] = [:]
    /// The calls that wait for their turn.
    var turns = Promises<Void>()
    private var nextID = 0
    private var waitsForEnd = Promises<Void>()

    private init(link: sending Link, executor: QueueExecutor, identifying: BusConnection?) {
        uniqueName = link.uniqueName
        self.link = link
        self.identifying = identifying
        self.executor = executor
        handlers = HandlerExecutor(on: executor.queue)
    }

    isolated deinit {
        finish()
    }

    /// Connects to a bus and says Hello.
    ///
    /// - Parameters:
    ///   - bus: which one.
    ///   - identifying: another connection to it, over which it is found out who calls objects that this one shows. What
    ///     the bus answers stands in one line with everything that others send to the same connection, and a flood's
    ///     calls would keep it from the calls that it is needed for.
    /// - Returns: a connection that is ready for calls.
    /// - Throws: libdbus' own error where there is no such bus or it turns us away.
    package static func connect(
        _ bus: Bus,
        identifying: BusConnection? = nil
    ) async throws(DBusError) -> BusConnection {
        let executor = QueueExecutor(label: "org.keybell.dbus")
        // The handshake blocks, so it is made on the connection's queue and not on the caller's thread.
        let attempt: Result<Link, DBusError> = await withCheckedContinuation { continuation in
            executor.queue.async {
                do throws(DBusError) {
                    continuation.resume(returning: .success(try Link(to: bus)))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        let connection = BusConnection(
            link: try attempt.get(),
            executor: executor,
            identifying: identifying
        )
        try await connection.start()
        return connection
    }

    private func start() throws(DBusError) {
        let watching = link.watch(on: executor.queue) { [weak self] key in
            self?.assumeIsolated { $0.ready(key) }
        }
        guard watching else { throw .noMemory }
        // What came in with the answer to Hello makes no descriptor ready any more.
        drain()
    }

    private func ready(_ key: UInt) {
        link.handle(key)
        drain()
    }

    /// Takes in everything that has arrived.
    func drain() {
        while !isClosed, let message = link.pop() {
            receive(message)
        }
        if !isClosed, !link.isConnected { finish() }
    }

    private func receive(_ message: borrowing RawMessage) {
        switch message.kind {
        case .methodReturn, .error: settle(message)
        case .signal: deliver(message)
        case .methodCall: serve(message)
        case .unknown: break
        }
    }

    /// Sends a message and returns its serial.
    @discardableResult
    func send(_ message: borrowing RawMessage) throws(DBusError) -> UInt32 {
        let serial = try link.send(message)
        // A write that finds the bus gone leaves word of it in the incoming queue, which no descriptor tells.
        if link.hasMessages { onQueue { $0.drain() } }
        return serial
    }

    /// Runs something on the connection's queue soon, if the connection still lives then.
    nonisolated func onQueue(_ work: @escaping @Sendable (isolated BusConnection) -> Void) {
        executor.queue.async { [weak self] in
            self?.assumeIsolated { work($0) }
        }
    }

    /// A number that this connection has not given out before.
    func newID() -> Int {
        nextID += 1
        return nextID
    }

    /// Returns when the bus is gone or the connection was closed, or when the waiting task is cancelled.
    package func disconnected() async {
        guard !isClosed else { return }
        let id = newID()
        waitsForEnd.make(id)
        await withTaskCancellationHandler {
            await withCheckedContinuation { waitsForEnd.wait(id, otherwise: (), $0) }
        } onCancel: {
            onQueue { $0.waitsForEnd.resolve(id, ()) }
        }
    }

    /// Closes the connection; what waits on it ends as if the bus had gone.
    package func close() {
        finish()
    }

    private func finish() {
        guard !isClosed else { return }
        isClosed = true
        link.shutDown()
        calls.failAll(.disconnected)
        let ended = subscriptions.values
        subscriptions = [:]
        for subscription in ended { subscription.finish() }
        turns.resolveAll(())
        waitsForEnd.resolveAll(())
    }
}
