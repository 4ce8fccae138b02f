// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import KeePassHTTP
import Vault

/// Makes the question whether logins may be handed out.
struct ReleaseQuestion: Sendable {
    private let vaults: VaultSet

    /// Makes one that knows these vaults.
    init(vaults: VaultSet) {
        self.vaults = vaults
    }

    /// The question about these logins of the vaults of these names; about what will be found there if there are none.
    func about(
        _ offers: [Offer],
        in names: [String],
        for purpose: Purpose,
        verified: VerifiedRequest,
        caller: Caller
    ) -> ApprovalRequest {
        var vaultNames: [String] = []
        for name in names where !vaultNames.contains(name) { vaultNames.append(name) }
        let asked =
            [
                verified.client.fingerprint, verified.request.type.rawValue, purpose.form.scheme,
                purpose.form.submitHost ?? "", purpose.isByEntry ? "entries" : "",
            ] + (purpose.query?.unclear ?? purpose.asked)
        var question = ApprovalRequest(
            kind: .release,
            caller: caller,
            questionDigest: questionDigest(asked),
            client: verified.client.id,
            fingerprint: verified.client.fingerprint,
            vaults: vaultNames,
            host: purpose.title == nil ? purpose.host : nil,
            submitHost: purpose.submitHost,
            claimedSubmitHost: purpose.query?.unclearSubmit,
            isPlainHTTP: purpose.form.scheme == "http",
            claimedTitle: purpose.title,
            entries: offers.map { EntryLine($0.login) },
            bulk: purpose.isBulk,
            isByEntry: purpose.isByEntry,
            alwaysOffered: purpose.isGrantable
        )
        question.describe(verified, caller: caller, among: vaults)
        question.search = purpose.search?.text
        question.places = purpose.search?.places ?? []
        question.isPattern = purpose.search?.isPattern ?? false
        question.passwords = purpose.passwords
        question.fieldNames = Set(offers.flatMap { ReplyEntries.names(of: $0.login, verified.rules) })
            .sorted()
        question.hasUnknownFields = offers.isEmpty && verified.rules.returnsFields
        return question
    }
}
