// SPDX-License-Identifier: Apache-2.0

import Vault

/// `get-login-by-uuid`: the login with this uuid, or none.
struct GetLoginByUUID: VerifiedOperation {
    private let bulk: BulkRead

    /// Makes one that reads by this.
    init(bulk: BulkRead) {
        self.bulk = bulk
    }

    func answer(_ verified: VerifiedRequest) async throws(Refusal) -> OperationResult {
        let text = try verified.required("Uuid")
        return try await bulk.answer(verified, isByEntry: true) { index in
            LoginID(hex: text).flatMap { index.login($0) }.map { [$0] } ?? []
        }
    }
}
