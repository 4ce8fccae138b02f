// SPDX-License-Identifier: Apache-2.0

import Linux

extension BusConnection {
    /// Shows an object on the bus, in place of one that stands at the same path.
    ///
    /// Introspection, Peer and Properties come by themselves. Calls are answered in tasks of their own, so a
    /// handler that waits keeps nobody else waiting.
    ///
    /// - Parameter object: what to show.
    package func export(_ object: ExportedObject) {
        objects.insert(object)
    }

    /// Sends a signal.
    ///
    /// - Parameters:
    ///   - path: the object that it speaks of.
    ///   - interface: the signal's interface.
    ///   - member: the signal's name.
    ///   - arguments: what it brings.
    ///   - destination: the one connection that gets it; nil for all who subscribed.
    /// - Throws: `disconnected`, or `invalidArgs` for what D-Bus can't carry.
    package func emit(
        _ path: ObjectPath,
        _ interface: String,
        _ member: String,
        _ arguments: [Value] = [],
        to destination: String? = nil
    ) throws(DBusError) {
        let message = try RawMessage.signal(path, interface, member, arguments)
        if let destination { try message.address(to: destination) }
        try send(message)
    }

    /// Tells that properties have new values.
    ///
    /// - Parameters:
    ///   - path: the object.
    ///   - interface: the properties' interface.
    ///   - changed: the new values by name.
    /// - Throws: what `emit` throws.
    package func propertiesChanged(
        _ path: ObjectPath,
        _ interface: String,
        _ changed: [String: Value]
    ) throws(DBusError) {
        try emit(
            path,
            StandardInterfaces.propertiesName,
            "PropertiesChanged",
            [.string(interface), .vardict(changed), .strings([])]
        )
    }

    func serve(_ message: borrowing RawMessage) {
        guard let sender = message.sender, let path = message.path, let member = message.member else {
            return
        }
        let reply = ReplyAddress(caller: sender, serial: message.serial, isWanted: message.wantsReply)
        // First of all: those of a flood come before everybody else's, and each of them costs time.
        guard servedCalls.arrive(from: sender) else { return answer(reply, .failure(Self.tooMany)) }
        let call = newID()
        let target = ObjectTree.Target(
            sender: sender,
            path: path,
            interface: message.interface,
            member: member,
            signature: message.signature
        )
        do throws(DBusError) {
            let method = try objects.method(for: target)
            let body = try arguments(of: message, call, from: sender)
            let waits: @Sendable () async -> Void = { [weak self] in await self?.wait(call) }
            let route = objects.route(method, MethodCall(sender: sender, body: body, waits: waits))
            Task(executorPreference: handlers) { [weak self] in
                let isAdmitted = await self?.admit(call, of: sender) ?? false
                let outcome = isAdmitted ? await route.outcome() : .failure(Self.tooMany)
                await self?.finish(call, reply, outcome)
            }
        } catch {
            end(call, of: sender)
            answer(reply, .failure(error))
        }
    }

    /// Reads what a call brings, as far as its sender has room for it.
    private func arguments(
        of message: borrowing RawMessage,
        _ call: Int,
        from sender: String
    ) throws(DBusError) -> [Value] {
        let room = servedCalls.room(for: sender)
        var budget = ValueDecoder.Budget.call(within: room)
        let outcome: Result<[Value], DBusError>
        do throws(DBusError) {
            outcome = .success(try message.body(within: &budget))
        } catch {
            outcome = .failure(error)
        }
        // What came of one that can't be read has taken memory, too.
        guard servedCalls.hold(call, from: sender, bytes: room - budget.memory) else { throw Self.tooMany }
        return try outcome.get()
    }

    private static var tooMany: DBusError {
        .limitsExceeded("Too many calls at once: wait for the answers of those before.")
    }

    /// Waits for a call's turn; false if its process has too many, or the connection is closed, so that nobody can be
    /// answered.
    private func admit(_ call: Int, of sender: String) async -> Bool {
        if !isClosed, !servedCalls.isQuiet, !servedCalls.knows(sender) { await identify(sender) }
        guard !isClosed else { return false }
        switch servedCalls.begin(call, from: sender) {
        case .now: return true
        case .never: return false
        case .later:
            turns.make(call)
            await withCheckedContinuation { turns.wait(call, otherwise: (), $0) }
            return !isClosed
        }
    }

    /// Finds out whose a connection is, once for all of its calls that have come meanwhile.
    private func identify(_ sender: String) async {
        if let running = lookups[sender] { return await running.value }
        let lookup = Task(executorPreference: handlers) { await self.lookUp(sender) }
        lookups[sender] = lookup
        await lookup.value
    }

    private func lookUp(_ sender: String) async {
        // Whoever has left meanwhile counts by itself.
        let credentials = try? await (identifying ?? self).credentials(of: sender)
        servedCalls.learn(sender, is: credentials.map { "\($0.pid)" } ?? sender)
        lookups[sender] = nil
    }

    private func wait(_ call: Int) {
        if let next = servedCalls.wait(call) { turns.resolve(next, ()) }
    }

    private func finish(_ call: Int, _ reply: ReplyAddress, _ outcome: Result<[Value], DBusError>) {
        end(call, of: reply.caller)
        answer(reply, outcome)
    }

    private func end(_ call: Int, of sender: String) {
        let (next, isLastOfMany) = servedCalls.end(call, from: sender)
        if let next { turns.resolve(next, ()) }
        if isLastOfMany { FreedMemory.giveBackSoon() }
    }

    private func answer(_ reply: ReplyAddress, _ outcome: Result<[Value], DBusError>) {
        guard reply.isWanted else { return }
        do throws(DBusError) {
            switch outcome {
            case .success(let body): try send(.reply(to: reply.caller, serial: reply.serial, body))
            case .failure(let error): try send(.failure(to: reply.caller, serial: reply.serial, error))
            }
        } catch {
            // A value that can't travel is our own mistake; the caller still gets an answer.
            guard let failure = try? RawMessage.failure(to: reply.caller, serial: reply.serial, error) else {
                return
            }
            _ = try? send(failure)  // fails only if the bus is gone
        }
    }
}

/// Where an answer goes.
private struct ReplyAddress {
    let caller: String
    let serial: UInt32
    let isWanted: Bool
}

extension ObjectTree.Route {
    /// Does the work and checks that what it gives has the promised types.
    fileprivate func outcome() async -> Result<[Value], DBusError> {
        do throws(DBusError) {
            let body = try await work()
            guard Signature(of: body).text == output else {
                return .failure(.failed("The answer has not the type that this method promises."))
            }
            return .success(body)
        } catch {
            return .failure(error)
        }
    }
}
