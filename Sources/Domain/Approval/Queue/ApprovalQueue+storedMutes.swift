// SPDX-License-Identifier: Apache-2.0

import Callers

// Mutes outlive the daemon.
extension ApprovalQueue {
    /// A moment by both clocks.
    struct ClockReading {
        let instant: Instant
        let unix: Int64

        func unix(of other: Instant) -> Int64 { unix + (other - instant).components.seconds }

        /// An instant before this one; nothing that a file says is too far away to be computed.
        func past(_ other: Int64) -> Instant {
            instant - .seconds(unix - min(max(other, 0), unix))
        }
    }

    /// The mutes that still hold, the first to end first.
    func storedMutes(now: ClockReading, asked: (String) -> Int64?) -> [StoredMute] {
        let lasting = mutes.filter { $0.value.until > now.instant }
        return Dictionary(grouping: lasting) { $0.value.code }.compactMap { code, programs in
            guard let denied = ended.last(where: { $0.code == code }) else { return nil }
            let request = denied.request
            let until = programs.map(\.value.until).max() ?? now.instant
            let at = now.unix(of: denied.at)
            return StoredMute(
                code: code,
                until: now.unix(of: until),
                programs: programs.map(\.key).map { program in
                    StoredMute.Muted(
                        name: program.name,
                        vouchedIDs: program.vouchedIDs.sorted(),
                        script: program.script
                    )
                }.sorted { ($0.name, $0.script ?? "") < ($1.name, $1.script ?? "") },
                kind: request.kind.rawValue,
                client: request.client,
                host: request.host,
                vaults: request.vaults,
                isBulk: request.bulk,
                requestType: request.requestType,
                asked: asked(code) ?? at,
                denied: at,
                unseen: denied.unseen,
                shown: denied.shown ?? StoredQuestionText(request, limits)
            )
        }.sorted { ($0.until, $0.code) < ($1.until, $1.code) }
    }

    /// Takes over the mutes of an earlier daemon, for the rest of their time.
    ///
    /// Where the calendar was set back meanwhile, none lasts longer than one may be made to.
    mutating func takeUp(_ kept: [StoredMute], uid: UInt32, now: ClockReading) {
        for mute in kept.prefix(limits.endedCount) {
            guard mute.until > now.unix, let kind = ApprovalKind(rawValue: mute.kind),
                let code = RequestCode.normalized(mute.code), !mute.programs.isEmpty,
                !ended.contains(where: { $0.code == code })
            else { continue }
            let left = min(mute.until, now.unix + Int64(ApprovalLimits.longestMute)) - now.unix
            let callers = mute.programs.map { $0.caller(uid: uid) }
            var request = ApprovalRequest(
                kind: kind,
                caller: callers.first ?? .unknown(uid: uid),
                questionDigest: [],
                client: mute.client,
                vaults: mute.vaults,
                host: mute.host,
                bulk: mute.isBulk
            )
            request.requestType = mute.requestType
            let at = now.past(mute.denied)
            ended.append(
                EndedRequest(
                    code: code,
                    request: request,
                    callers: callers,
                    outcome: .denied,
                    deadline: at,
                    at: at,
                    unseen: max(mute.unseen, 0),
                    shown: mute.shown?.cleaned
                )
            )
            for program in mute.programs {
                mutes[program.program] = Quiet(until: now.instant + .seconds(left), code: code)
            }
        }
    }
}

extension StoredMute.Muted {
    fileprivate var program: MutedProgram {
        MutedProgram(name: name, vouchedIDs: Set(vouchedIDs), script: script)
    }

    /// The program as a caller that has asked and is gone.
    fileprivate func caller(uid: UInt32) -> Caller {
        guard !name.isEmpty else { return .unknown(uid: uid) }
        let sandbox = vouchedIDs.lazy.compactMap { Sandbox(id: $0) }.first
        let process = ProcessRecord(
            identity: ProcessIdentity(pid: 0, startTime: 0),
            executable: sandbox == nil ? name : "",
            name: sandbox == nil ? nil : name,
            script: script
        )
        return Caller(uid: uid, holders: [], processes: [process], sandbox: sandbox)
    }
}
