// SPDX-License-Identifier: Apache-2.0

import Callers

/// What makes two requests the same question.
///
/// Two requests that differ in anything else, such as the process id or the user agent, are one question.
struct Question: Hashable, Sendable {
    let kind: ApprovalKind
    var program: Program
    let client: String?
    let vaults: [String]
    let host: String?
    let submitHost: String?
    let entries: Set<String>
    let sameness: [UInt8]

    init(_ request: ApprovalRequest) {
        kind = request.kind
        program = request.caller.program
        sameness = request.sameness
        guard request.kind != .associate else {
            // Only key and proposed Id count, and both are in the digest: a suggested name may differ.
            client = nil
            vaults = []
            host = nil
            submitHost = nil
            entries = []
            return
        }
        client = request.client
        vaults = request.vaults
        host = request.host
        submitHost = request.submitHost
        entries = Set(request.entries.map(\.uuid))
    }

    /// Whether both come from one attempt to associate: same program, key and proposed Id.
    func isSameAttempt(as other: Question) -> Bool {
        program == other.program && sameness == other.sameness
    }
}
