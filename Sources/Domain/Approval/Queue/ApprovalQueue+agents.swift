// SPDX-License-Identifier: Apache-2.0

import Callers

extension ApprovalQueue {
    /// A program wants to show requests; a second registration of the same bus name replaces its first.
    ///
    /// - Throws: Why it can't be an agent.
    mutating func register(_ agent: Agent, now: Instant) throws(AgentError) -> [ApprovalAction] {
        guard !agent.name.isEmpty else { throw .noName }
        // Counted in scalars: a pile of combining marks is one character.
        guard agent.name.unicodeScalars.count <= limits.agentName else { throw .longName(limits.agentName) }
        let earlier = agents.first { $0.peer == agent.peer }
        if earlier == nil, agents.count >= limits.agents {
            guard let crowding = crowding(out: agent) else { throw .tooMany(limits.agents) }
            dropAgent(crowding)
        }
        var agent = agent
        agent.record = earlier?.record ?? agent.record
        agents.removeAll { $0.peer == agent.peer }
        agents.append(agent)
        let tookOver: [ApprovalAction] = agent.isExclusive ? [.agentTookOver(agent.info)] : []
        return [.agentsChanged] + tookOver + settleAll(now: now)
    }

    /// An agent has gone, by its own word or off the bus; the notifier shows what it showed.
    mutating func unregister(peer: String, now: Instant) -> [ApprovalAction] {
        guard agents.contains(where: { $0.peer == peer }) else { return [] }
        dropAgent(peer)
        return [.agentsChanged] + settleAll(now: now)
    }

    private mutating func dropAgent(_ peer: String) {
        agents.removeAll { $0.peer == peer }
        for index in waiting.indices {
            waiting[index].shownBy.remove(peer)
        }
    }

    /// The agent that makes room where there isn't any, so that one process can't keep all others out.
    ///
    /// The youngest of the process that has the most, if those are more than anybody needs, and the newcomer's process
    /// has fewer.
    private func crowding(out newcomer: Agent) -> String? {
        let counts = Dictionary(grouping: agents) { $0.answerer.identity }.mapValues(\.count)
        guard counts[newcomer.answerer.identity, default: 0] < limits.agentsPerProcess,
            let most = counts.max(by: { $0.value < $1.value }), most.value > limits.agentsPerProcess
        else { return nil }
        return agents.last { $0.answerer.identity == most.key }?.peer
    }

    /// An agent confirms that the person sees a request.
    ///
    /// - Throws: `unknownRequest` if it doesn't wait, `notAllowed` if the caller isn't an agent.
    mutating func shown(_ code: String, by peer: String, now: Instant) throws(AnswerError) -> [ApprovalAction]
    {
        let normal = RequestCode.normalized(code)
        guard let index = indexOfShown(normal) else { throw .unknownRequest }
        guard let agent = agents.firstIndex(where: { $0.peer == peer }) else { throw .notAllowed }
        agents[agent].record.shows()
        waiting[index].shownBy.insert(peer)
        waiting[index].wasSeenAtAgent = true
        return settle(index, now: now)
    }

    /// The built-in notifier has had these on the screen, and none of the others that wait.
    mutating func notifierShowed(_ codes: Set<String>) {
        for index in waiting.indices {
            waiting[index].wasSeenOnNotifier = codes.contains(waiting[index].code)
        }
    }

    /// Keeps count of what came of the requests that an agent says it has shown, or that it alone could have shown.
    mutating func count(_ outcome: Outcome, of request: WaitingRequest) {
        for index in agents.indices {
            let couldHave = request.isAnnounced && !request.wasSeen && agents[index].mayAnswer(request)
            guard couldHave || request.shownBy.contains(agents[index].peer) else { continue }
            agents[index].record.take(outcome)
        }
    }

    /// Whether the person may have seen a request, for all that is known: an agent need not confirm what it shows, but
    /// one at which none was ever answered may draw nothing.
    func mayHaveBeenSeen(_ request: WaitingRequest) -> Bool {
        request.wasSeen
            || agents.contains { $0.mayAnswer(request) && ($0.record.hasShown || $0.record.answered > 0) }
    }

    /// It has been asked again: whoever showed it may have had it closed meanwhile.
    ///
    /// The notifier knows whether its own was; nobody knows about what stands in an agent's window, or nowhere.
    mutating func showAgain(_ index: Int, now: Instant) -> [ApprovalAction] {
        var actions = settle(index, now: now)
        if actions.isEmpty, waiting[index].isOnNotifier {
            actions.append(.notifierShowsAgain(code: waiting[index].code))
        }
        let isLeftToNotifier = waiting[index].isOnNotifier && waiting[index].wasSeenOnNotifier
        return actions + (isLeftToNotifier ? [] : retell(index, now: now))
    }

    /// The built-in notifier shows once more what had been clicked away, or would if there were a server: agents may show
    /// it once more, too.
    mutating func shownAgain(_ code: String, now: Instant) -> [ApprovalAction] {
        waiting.firstIndex { $0.code == code }.map { retell($0, now: now) } ?? []
    }

    /// Announces once more a request that the bus has heard of: now, or after a pause since the last time, and never
    /// behind a locked screen.
    private mutating func retell(_ index: Int, now: Instant) -> [ApprovalAction] {
        guard waiting[index].isAnnounced, waiting[index].confirming == nil else { return [] }
        waiting[index].retellingDue =
            waiting[index].retellingDue ?? max(now, (waiting[index].toldAt ?? now) + limits.pause)
        return retellIfDue(index, now: now)
    }

    /// Announces what is due to be announced once more.
    mutating func retellIfDue(_ index: Int, now: Instant) -> [ApprovalAction] {
        guard !isScreenLocked, let due = waiting[index].retellingDue, due <= now else { return [] }
        waiting[index].retellingDue = nil
        // Its failure is announced.
        guard waiting[index].confirming == nil else { return [] }
        return [added(index, now: now)]
    }

    /// Has the bus told of a request.
    mutating func added(_ index: Int, now: Instant) -> ApprovalAction {
        waiting[index].isAnnounced = true
        waiting[index].toldAt = now
        return .added(code: waiting[index].code)
    }

    private mutating func settleAll(now: Instant) -> [ApprovalAction] {
        waiting.indices.flatMap { settle($0, now: now) }
    }

    /// Brings what the notifier shows in line with what it should show.
    mutating func settle(_ index: Int, now: Instant) -> [ApprovalAction] {
        if let grace = waiting[index].agentGrace, grace <= now {
            waiting[index].agentGrace = nil
        }
        let code = waiting[index].code
        let shows =
            !isScreenLocked && waiting[index].isAnnounced && waiting[index].confirming == nil
            && !isLeftToAgent(waiting[index])
        guard shows != waiting[index].isOnNotifier else { return [] }
        waiting[index].isOnNotifier = shows
        return [shows ? .notifierShows(code: code) : .notifierHides(code: code)]
    }

    /// Whether an exclusive agent that may answer the request shows it, or still has its moment to.
    private func isLeftToAgent(_ request: WaitingRequest) -> Bool {
        agents.contains { agent in
            agent.isExclusive && agent.mayAnswer(request)
                && (request.agentGrace != nil || request.shownBy.contains(agent.peer))
        }
    }
}
