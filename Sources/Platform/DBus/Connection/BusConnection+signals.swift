// SPDX-License-Identifier: Apache-2.0

import Linux

/// Where the signals that a rule admits go.
struct Subscription {
    let rule: MatchRule
    /// The name whose owner has to be known for this.
    let followed: String?
    let yield: @Sendable (Message) -> Void
    let finish: @Sendable () -> Void
}

/// Who owns a well-known name that somebody subscribed to.
struct TrackedOwner {
    var uses = 1
    /// Whether the bus has told yet; until then no signal of that name is admitted.
    var isKnown = false
    var owner: String?
}

extension BusConnection {
    /// How many signals a subscriber may be behind before the oldest are dropped.
    private static let backlog = 4096

    /// Subscribes to signals; the bus has taken the subscription in when this returns.
    ///
    /// Only what the named sender itself has sent is let through: a well-known name's owner is followed, and a
    /// signal that somebody else makes up is dropped. The stream ends when the bus goes, and the subscription
    /// when the stream is let go of.
    ///
    /// - Parameters:
    ///   - sender: by unique or well-known name; nil for anybody.
    ///   - path: the object; nil for any.
    ///   - interface: the signal's interface; nil for any.
    ///   - member: the signal's name; nil for any.
    ///   - firstArgument: the string that has to be the first argument; nil for any.
    /// - Returns: the signals from now on.
    /// - Throws: `disconnected`, or the bus's own error for a rule that it does not take.
    package func signals(
        sender: String? = nil,
        path: ObjectPath? = nil,
        interface: String? = nil,
        member: String? = nil,
        firstArgument: String? = nil
    ) async throws(DBusError) -> AsyncStream<Message> {
        let rule = MatchRule(
            sender: sender,
            path: path,
            interface: interface,
            member: member,
            firstArgument: firstArgument
        )
        let (stream, continuation) = AsyncStream<Message>.makeStream(
            bufferingPolicy: .bufferingNewest(Self.backlog)
        )
        try await subscribe(
            rule,
            following: rule.followedSender,
            to: continuation,
            yield: { continuation.yield($0) }
        )
        return stream
    }

    /// Follows who owns a name; the first element is who does now.
    ///
    /// - Parameter name: a well-known or unique name.
    /// - Returns: unique names, nil for nobody.
    /// - Throws: `disconnected`, or the bus's own error for what is no name.
    package func owners(of name: String) async throws(DBusError) -> AsyncStream<String?> {
        let (stream, continuation) = AsyncStream<String?>.makeStream(
            bufferingPolicy: .bufferingNewest(Self.backlog)
        )
        try await subscribe(
            .ownerChanges(of: name),
            following: name,
            to: continuation,
            yield: { signal in
                guard case .string(let owner)? = signal.body.last else { return }
                continuation.yield(owner.isEmpty ? nil : owner)
            }
        )
        // Newer than, or the same as, whatever change has been passed on before.
        continuation.yield(ownersOfSenders[name]?.owner)
        return stream
    }

    private func subscribe<Element>(
        _ rule: MatchRule,
        following name: String?,
        to continuation: AsyncStream<Element>.Continuation,
        yield: @escaping @Sendable (Message) -> Void
    ) async throws(DBusError) {
        guard link.isConnected else { throw .disconnected }
        let id = newID()
        subscriptions[id] = Subscription(
            rule: rule,
            followed: name,
            yield: yield,
            finish: { continuation.finish() }
        )
        continuation.onTermination = { [weak self] _ in self?.onQueue { $0.unsubscribe(id) } }
        do throws(DBusError) {
            if let name { try await follow(name) }
            _ = try await daemon("AddMatch", [.string(rule.text)])
        } catch {
            continuation.finish()
            throw error
        }
    }

    private func unsubscribe(_ id: Int) {
        guard let subscription = subscriptions.removeValue(forKey: id) else { return }
        tell("RemoveMatch", [.string(subscription.rule.text)])
        if let name = subscription.followed { unfollow(name) }
    }

    private func follow(_ name: String) async throws(DBusError) {
        if ownersOfSenders[name] != nil {
            ownersOfSenders[name]?.uses += 1
        } else {
            ownersOfSenders[name] = TrackedOwner()
            _ = try await daemon("AddMatch", [.string(MatchRule.ownerChanges(of: name).text)])
        }
        let owner = try await owner(of: name)
        // A change that came in the meantime is either what the bus has just said or newer.
        guard ownersOfSenders[name]?.isKnown == false else { return }
        ownersOfSenders[name]?.isKnown = true
        ownersOfSenders[name]?.owner = owner
    }

    private func unfollow(_ name: String) {
        ownersOfSenders[name]?.uses -= 1
        guard ownersOfSenders[name]?.uses == 0 else { return }
        ownersOfSenders[name] = nil
        tell("RemoveMatch", [.string(MatchRule.ownerChanges(of: name).text)])
    }

    func deliver(_ signal: borrowing RawMessage) {
        noteOwnerChange(signal)
        let admitted = subscriptions.values.filter { subscription in
            subscription.rule.admits(signal) { ownersOfSenders[$0]?.owner }
        }
        guard !admitted.isEmpty, let message = Message(signal) else { return }
        for subscription in admitted where subscription.rule.admits(message.body) {
            subscription.yield(message)
        }
    }

    private func noteOwnerChange(_ signal: borrowing RawMessage) {
        guard signal.sender == BusName.daemon.text, signal.member == "NameOwnerChanged",
            let body = try? signal.body(),  // not for us if unreadable
            body.count == 3, let name = body[0].asString, let former = body[1].asString,
            let owner = body[2].asString
        else { return }
        connectionStarts.take(name, from: former, to: owner, at: ProcessTable.now)
        ownersOfSenders[name]?.isKnown = true
        ownersOfSenders[name]?.owner = owner.isEmpty ? nil : owner
    }
}

extension MatchRule {
    /// The sender's name, if it is one whose owner has to be followed.
    var followedSender: String? {
        guard let sender, !sender.hasPrefix(":"), sender != BusName.daemon.text else { return nil }
        return sender
    }
}

extension Message {
    /// Reads a signal; nil if its arguments can't be read or it lacks what every signal has.
    init?(_ signal: borrowing RawMessage) {
        guard let path = signal.path, let interface = signal.interface, let member = signal.member,
            let body = try? signal.body()  // such a signal is nothing that we subscribed to
        else { return nil }
        self.init(sender: signal.sender, path: path, interface: interface, member: member, body: body)
    }
}
