// SPDX-License-Identifier: Apache-2.0

import Approval
import Clients
import Logging
import Vault

/// What lets something through without a question about it.
///
/// It counts as it is when that goes out: a question about something else, or a keyring that asks for itself, may have
/// taken minutes.
struct Cover: Sendable {
    let basis: Basis
    /// What the person can have decided about it for more than once; nil where nothing can be.
    let subject: GrantSubject?

    /// Whether it still lets it through.
    func holds(_ decision: GrantDecision) -> Bool {
        switch decision {
        case .allowed: true
        case .denied: false
        case .undecided, .unknown: basis != .grant
        }
    }
}

extension RequestHandler {
    /// Which of these may still go out; each that has no cover may, for the person has just been asked about it.
    func stillCovered(_ covers: [Cover?]) async -> [Bool] {
        let subjects = covers.compactMap { $0?.subject }
        guard !subjects.isEmpty else { return covers.map { _ in true } }
        var decisions = await decisions(on: subjects)[...]
        return covers.map { cover in
            guard let cover, cover.subject != nil, let decision = decisions.popFirst() else { return true }
            return cover.holds(decision)
        }
    }

    /// Which of these still are what the person was shown.
    ///
    /// An entry that somebody has changed since, and that may belong to another site by now, isn't what they allowed.
    /// Without a question no time has passed.
    func stillAsShown(_ released: Released) async -> [Bool] {
        guard released.code != nil else { return released.offers.map { _ in true } }
        var indices: [String: LoginIndex] = [:]
        for store in released.offers.map(\.store) where indices[store.name] == nil {
            // What can't be read any more doesn't go out, either.
            indices[store.name] = try? await store.index()
        }
        let stays = released.offers.map { indices[$0.store.name]?.login($0.login.id) == $0.login }
        if stays.contains(false) {
            logger.notice(
                "what was changed while it was asked about was not handed out",
                metadata: ["count": "\(stays.count { !$0 })"]
            )
        }
        return stays
    }
}
