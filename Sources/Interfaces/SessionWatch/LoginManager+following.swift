// SPDX-License-Identifier: Apache-2.0

import DBus

extension LoginManager {
    /// What logind tells.
    enum News: Sendable, Equatable {
        /// It is there: everything is to be looked at.
        case appeared
        /// It has left the bus.
        case left
        /// A session's properties have changed, or it is new.
        case changed(ObjectPath)
        case removed(ObjectPath)
        /// Somebody asks for a session to be locked.
        case lock(ObjectPath)
        case unlock(ObjectPath)
        case sleep
        case wake
    }

    /// Follows logind until the bus goes or the task is cancelled.
    ///
    /// - Parameter take: Gets the news; those of one kind in their order.
    /// - Throws: If the bus doesn't take the subscriptions.
    func follow(_ take: @escaping @Sendable (News) async -> Void) async throws(DBusError) {
        let streams = [
            try await bus.signals(sender: Self.name, interface: Self.manager),
            try await bus.signals(sender: Self.name, interface: Self.session),
            try await bus.signals(
                sender: Self.name,
                interface: "org.freedesktop.DBus.Properties",
                member: "PropertiesChanged",
                firstArgument: Self.session
            ),
        ]
        let owners = try await bus.owners(of: Self.name)
        await withTaskGroup(of: Void.self) { group in
            for stream in streams {
                group.addTask {
                    for await signal in stream {
                        if let news = News(signal) { await take(news) }
                    }
                }
            }
            group.addTask {
                for await owner in owners { await take(owner == nil ? .left : .appeared) }
            }
        }
    }
}

extension LoginManager.News {
    /// Reads a signal; nil for one that is of no use here.
    init?(_ signal: Message) {
        let path = signal.body.last?.asObjectPath
        switch (signal.member, signal.body.first?.asBool, path) {
        case ("PrepareForSleep", true?, _): self = .sleep
        case ("PrepareForSleep", false?, _): self = .wake
        case ("SessionNew", _, let path?): self = .changed(path)
        case ("SessionRemoved", _, let path?): self = .removed(path)
        case ("Lock", _, _): self = .lock(signal.path)
        case ("Unlock", _, _): self = .unlock(signal.path)
        case ("PropertiesChanged", _, _): self = .changed(signal.path)
        default: return nil
        }
    }
}
