// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import Vault

/// `get-logins-by-names`: the logins with exactly these titles.
struct GetLoginsByNames: VerifiedOperation {
    /// How many names one request may bring.
    private static let mostNames = 1000

    private let bulk: BulkRead

    /// Makes one that reads by this.
    init(bulk: BulkRead) {
        self.bulk = bulk
    }

    func answer(_ verified: VerifiedRequest) async throws(Refusal) -> OperationResult {
        var seen: Set<[UInt8]> = [[]]
        let names = verified.texts("Names").filter { seen.insert(Array($0.utf8)).inserted }
        guard !names.isEmpty else { throw .invalid(.missing("Names")) }
        guard names.count <= Self.mostNames else {
            throw .forbidden("At most \(Self.mostNames) names at once.")
        }
        return try await bulk.answer(verified, isByEntry: true) { index in index.titled(names) }
    }
}
