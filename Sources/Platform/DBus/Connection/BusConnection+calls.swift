// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools

extension BusConnection {
    /// Calls a method and waits for its answer.
    ///
    /// - Parameters:
    ///   - destination: who is called, by unique or well-known name.
    ///   - path: the object.
    ///   - interface: the method's interface.
    ///   - member: the method's name.
    ///   - arguments: what it is given.
    ///   - timeout: how long to wait for the answer.
    ///   - noAutoStart: whether a service that isn't running is to stay so.
    ///   - interactive: whether the service may ask the person for authorization.
    /// - Returns: the arguments of the answer.
    /// - Throws: the service's own error, or `noReply`, `disconnected`, `cancelled`, `invalidArgs`.
    package func call(
        _ destination: String,
        _ path: ObjectPath,
        _ interface: String,
        _ member: String,
        _ arguments: [Value] = [],
        timeout: Duration = .seconds(10),
        noAutoStart: Bool = false,
        interactive: Bool = false
    ) async throws(DBusError) -> [Value] {
        let message = try RawMessage.methodCall(destination, path, interface, member, arguments)
        if noAutoStart { message.forbidAutoStart() }
        if interactive { message.allowInteraction() }
        let id = newID()
        let deadline = Alarm(after: timeout, queue: executor.queue) { [weak self] in
            self?.assumeIsolated { $0.calls.fail(id: id, .noReply) }
        }
        calls.add(id: id, serial: try send(message), deadline: deadline)
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { calls.wait(id: id, $0) }
        } onCancel: {
            onQueue { $0.calls.fail(id: id, .cancelled) }
        }
        return try outcome.get()
    }

    /// Sends a call whose answer nobody waits for.
    func tell(_ member: String, _ arguments: [Value]) {
        // Nothing is lost if it can't be sent: then the bus is gone, and what it was about with it.
        guard
            let message = try? RawMessage.methodCall(
                BusName.daemon.text,
                "/org/freedesktop/DBus",
                "org.freedesktop.DBus",
                member,
                arguments
            )
        else { return }
        message.expectNoReply()
        // Whoever watches the connection notices that it is gone.
        _ = try? send(message)
    }

    /// Calls the bus daemon itself.
    func daemon(_ member: String, _ arguments: [Value]) async throws(DBusError) -> [Value] {
        try await call(
            BusName.daemon.text,
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus",
            member,
            arguments
        )
    }

    func settle(_ reply: borrowing RawMessage) {
        let serial = reply.replySerial
        guard calls.isWaiting(for: serial) else { return }
        do throws(DBusError) {
            let body = try reply.body()
            guard reply.kind == .error else { return calls.settle(serial: serial, .success(body)) }
            let name = reply.errorName ?? DBusError.Name.failed
            let error = DBusError(name: name, message: body.first?.asString ?? "")
            calls.settle(serial: serial, .failure(error))
        } catch {
            calls.settle(serial: serial, .failure(error))
        }
    }
}
