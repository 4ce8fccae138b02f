// SPDX-License-Identifier: Apache-2.0

import Vault

/// `get-all-logins`: every login that may be shown, without passwords unless configured.
struct GetAllLogins: VerifiedOperation {
    private let bulk: BulkRead

    /// Makes one that reads by this.
    init(bulk: BulkRead) {
        self.bulk = bulk
    }

    func answer(_ verified: VerifiedRequest) async throws(Refusal) -> OperationResult {
        try await bulk.answer(verified, passwords: verified.rules.passwordsInGetAllLogins) {
            $0.all
        }
    }
}
