// SPDX-License-Identifier: Apache-2.0

import Clients

/// What lets something through without a question about it.
///
/// It counts as it is when that goes out: a question about something else, or a keyring that asks for itself, may have
/// taken minutes.
struct Cover: Sendable {
    let permission: Permission
    /// What the person can have decided about it for more than once; nil where nothing can be.
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
