// SPDX-License-Identifier: Apache-2.0

package import Callers

/// What is denied unseen because the person has denied it for longer than once.
package struct RememberedDenial: Sendable {
    private let kind: ApprovalKind
    private let fingerprint: String
    private let program: Program
    private let vaults: [String]
    private let place: String?

    /// Describes it.
    ///
    /// - Parameters:
    ///   - kind: What is denied.
    ///   - fingerprint: The key's that asks.
    ///   - program: The program that uses it.
    ///   - vaults: Of which vaults entries are denied.
    ///   - place: The host, or the title that was asked for; nil where there is neither.
    package init(
        _ kind: ApprovalKind,
        of fingerprint: String,
        by program: Program,
        in vaults: [String],
        at place: String?
    ) {
        (self.kind, self.fingerprint, self.program) = (kind, fingerprint, program)
        (self.vaults, self.place) = (vaults, place)
    }

    /// Whether a denial of this request is what denies it.
    func comes(from former: EndedRequest) -> Bool {
        former.outcome == .denied && former.choices.map { $0.scope != .once } ?? false
            && comes(from: former.request)
    }

    private func comes(from request: ApprovalRequest) -> Bool {
        let asker = request.caller.program
        return request.kind == kind && request.fingerprint == fingerprint
            && (asker.id, asker.origin) == (program.id, program.origin)
            && !Set(request.vaults).isDisjoint(with: vaults)
            && (request.host ?? request.claimedTitle) == place
    }
}
