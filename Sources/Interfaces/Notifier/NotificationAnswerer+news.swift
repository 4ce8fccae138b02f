// SPDX-License-Identifier: Apache-2.0

import Approval
import DBus
import Logging

// What the person is told and need not answer.
extension NotificationAnswerer {
    /// Tells the person that logins were handed out, once per client and host within a minute.
    ///
    /// - Parameters:
    ///   - client: The client's Id or shown name.
    ///   - program: Who asked, in the words of `Wording.asker`.
    ///   - host: Where for; nil for more than one host.
    ///   - count: How many logins.
    ///   - passwords: Whether their passwords went along.
    ///   - wasAsked: Whether the person has just been asked about them, and knows.
    package func tellDelivery(
        client: String,
        program: String,
        host: String?,
        count: Int,
        passwords: Bool = true,
        wasAsked: Bool = false
    ) async {
        guard options.tellsDeliveries, count > 0, await !approvals.isScreenLocked,
            deliveries.admit(client: client, host: host, wasAsked: wasAsked, now: clock.now)
        else { return }
        await tell(
            .delivery(client: client, program: program, host: host, count: count, passwords: passwords)
        )
    }

    func tellOfAgent(_ agent: AgentInfo) {
        guard !toldAgents.contains(agent.peer) else { return }
        toldAgents = (toldAgents + [agent.peer]).suffix(Self.toldCount)
        send { await self.tell(.agent(agent)) }
    }

    /// Shows news, or holds it back while a question would have to wait for it.
    func tell(_ news: Notice) async {
        do throws(DBusError) {
            // Not worth starting a server for.
            let server = try await service.server(startingIt: false)
            guard !(server.queues && notificationState.isCrowded) else {
                held = (held + [news]).suffix(Self.heldCount)
                return
            }
            notificationState.disturb(now: clock.now)
            let id = try await service.notify(NotifyCall(telling: news, on: server), on: server)
            notificationState.newsPosted(id: id, now: clock.now)
        } catch {
            logger.debug("news were not shown", metadata: ["error": "\(error.name)"])
        }
    }

    func releaseNews() {
        guard !held.isEmpty, !notificationState.isCrowded else { return }
        let news = held
        held = []
        send { for one in news { await self.tell(one) } }
    }
}
