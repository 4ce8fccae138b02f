// SPDX-License-Identifier: Apache-2.0

import Approval
import ConcurrencyTools
import DBus
import Logging

// Carries out the effects that `NotificationState` asks for: calls to the server and to the broker.
extension NotificationAnswerer {
    func carryOut(_ effects: [NotificationEffect], isPressed: Bool = false) {
        setAlarm()
        for effect in effects {
            switch effect {
            case .post(let ticket):
                send { await self.post(ticket) }
            case .nudge(let peer):
                send { await self.nudge(peer) }
            case .close(let id, let peer):
                send { await self.close(id, peer, isPressed: isPressed) }
            case .answer(let code, let decision, let choices, let surface):
                send { await self.answer(code, decision, choices, surface) }
            case .tellShownAgain(let code):
                send { await self.approvals.shownAgain(code) }
            case .tellMissing, .tellHidden, .tellRefused, .tellReplaced, .tellAbandoned:
                log(effect)
            }
        }
        tellSeen()
        releaseNews()
    }

    /// So that the broker can say, if nobody answers, whether anybody could have.
    private func tellSeen() {
        guard !isTellingSeen, notificationState.seen != seen else { return }
        isTellingSeen = true
        send { await self.keepTellingSeen() }
    }

    private func keepTellingSeen() async {
        while notificationState.seen != seen {
            seen = notificationState.seen
            await approvals.notifierShowed(seen)
        }
        isTellingSeen = false
    }

    /// Does something alongside, not before, what comes next: a server may take long to answer, or to start.
    func send(_ work: @escaping @Sendable () async -> Void) {
        lastErrand += 1
        let number = lastErrand
        followUps[number] = Task(executorPreference: MainLoop.executor) {
            await work()
            await self.done(number)
        }
    }

    private func done(_ work: UInt64) {
        followUps[work] = nil
    }

    func finishErrands() async {
        while let work = followUps.values.first {
            await work.value
        }
    }

    private func post(_ ticket: UInt64) async {
        do throws(DBusError) {
            let server = try await service.server()
            if server.keepsClosed { keeper = server.peer }
            guard let note = notificationState.compose(ticket, on: server, now: clock.now) else {
                return carryOut(notificationState.place(now: clock.now))
            }
            guard !hasEnded else { return }
            let id = try await service.notify(note, on: server)
            // What was on its way meanwhile must not stay, for its buttons would do nothing.
            guard !hasEnded else { return await close(id, server.peer) }
            carryOut(notificationState.posted(ticket, id: id, by: server.peer, now: clock.now))
        } catch {
            let isMissing = [DBusError.Name.serviceUnknown, DBusError.Name.nameHasNoOwner].contains(
                error.name
            )
            carryOut(notificationState.failed(ticket, reason: isMissing ? nil : error.name, now: clock.now))
        }
    }

    private func nudge(_ peer: String) async {
        // If that fails, what waits goes on waiting as before.
        guard let id = try? await service.notify(.nudge, to: peer) else { return }
        notificationState.nudged(id: id)
        await service.close(id: id, peer: peer)
    }

    /// Takes a notification away; one that has just been pressed goes by itself even on a server that keeps what it is
    /// told to close.
    func close(_ id: UInt32, _ peer: String, isPressed: Bool = false) async {
        if !isPressed, keeper == peer { await service.fade(id: id, peer: peer) }
        await service.close(id: id, peer: peer)
    }

    private func answer(_ code: String, _ decision: Decision, _ choices: Choices, _ surface: Surface)
        async
    {
        do throws(AnswerError) {
            try await approvals.answer(code: code, decision: decision, choices: choices, through: surface)
        } catch .invalidAnswer {
            // A name typed into the notification that won't do.
            carryOut(notificationState.refused(code, now: clock.now))
        } catch .unconfirmed {
            // The broker has it shown again, with the reason.
        } catch {
            // Ended a moment ago, by somebody else's answer or its deadline: first come, first served.
            logger.debug("a press came too late", metadata: ["code": "\(code)"])
        }
    }

    func setAlarm() {
        let due = hasEnded ? nil : notificationState.alarm
        guard due != alarm?.due else { return }
        alarm?.alarm.cancel()
        alarm = due.map { due in
            let ring = Alarm(after: due - clock.now) { [weak self] in
                Task(executorPreference: MainLoop.executor) { await self?.rang(due) }
            }
            return (due, ring)
        }
    }
}
