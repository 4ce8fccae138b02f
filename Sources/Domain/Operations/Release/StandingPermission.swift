// SPDX-License-Identifier: Apache-2.0

import Clients

/// What lets something through without a question about it.
///
/// It is judged at the moment when that goes out: a question about something else, or a prompt of the keyring's own,
/// may have taken minutes.
struct StandingPermission: Sendable {
    let permission: Permission
    /// What the person may have decided about it beyond a single request; nil if nothing can be.
    let subject: GrantSubject?

    /// Whether it still lets it through.
    func holds(_ decision: GrantDecision) -> Bool {
        switch decision {
        case .allowed: true
        case .denied: false
        case .undecided, .unknown: permission != .grant
        }
    }
}
