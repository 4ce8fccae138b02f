// SPDX-License-Identifier: Apache-2.0

import Callers

// What has ended is remembered within limits: whoever asks by the thousand, and withdraws it, pushes out just their own.
extension ApprovalQueue {
    /// Remembers an ended request.
    mutating func keep(_ request: EndedRequest) {
        restingCodes.insert(request.code, at: request.at)
        ended.append(request)
        dropWithdrawn(beside: request)
        makeRoom()
    }

    /// Of withdrawn questions, which nobody has answered, just the last ones of each program are of any use.
    private mutating func dropWithdrawn(beside new: EndedRequest) {
        guard new.outcome == .withdrawn else { return }
        func isLike(_ other: EndedRequest) -> Bool {
            other.outcome == .withdrawn && other.account == new.account
        }
        guard ended.count(where: isLike) > limits.withdrawnPerProgram else { return }
        if let index = ended.firstIndex(where: isLike) { ended.remove(at: index) }
    }

    /// Forgets the oldest of the program that has most, until all fit; but none whose denial still counts, nor those that
    /// have ended just now, which are still to be told of.
    private mutating func makeRoom() {
        guard !ended.isWithin(limits) else { return }
        let counting = countingCodes
        let safe = max(1, min(limits.total, limits.endedCount / 2))
        while !ended.isWithin(limits) {
            let mayGo = ended.dropLast(safe).filter { !counting.contains($0.code) }
            let candidates = Set(mayGo.map(\.account))
            let sizes = ended.reduce(into: [Set<String>: Int]()) { $0[$1.account, default: 0] += $1.size }
            // Of those that have as much, the one whose is the oldest.
            let most = candidates.compactMap { sizes[$0] }.max()
            guard let oldest = mayGo.first(where: { sizes[$0.account] == most }),
                let index = ended.firstIndex(where: { $0.code == oldest.code && $0.at == oldest.at })
            else { return }
            ended.remove(at: index)
        }
    }

    /// Whoever asked matters no longer once a denial doesn't count: whether they answer for themselves.
    mutating func forgetCallers(butFor counting: Set<String>) {
        for index in ended.indices where !ended[index].callers.isEmpty {
            if !counting.contains(ended[index].code) { ended[index].forgetCallers() }
        }
    }
}

extension [EndedRequest] {
    fileprivate func isWithin(_ limits: ApprovalLimits) -> Bool {
        count <= limits.endedCount && reduce(0) { $0 + $1.size } <= limits.endedBytes
    }
}
