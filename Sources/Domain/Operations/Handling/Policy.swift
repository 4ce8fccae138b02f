// SPDX-License-Identifier: Apache-2.0

import Approval
import DisplayText
import KeePassHTTP
package import Vault

/// What the person's configuration says about answering requests.
///
/// `Settings` makes it; an operation asks ``rules(for:)`` and never looks at the file's own tables.
package struct Policy: Sendable, Equatable {
    /// How logins are matched and ordered: `[match]`.
    package var match: MatchOptions
    /// What `generate-password` makes: `[generate]`.
    package var recipe: PasswordRecipe
    /// Whether every request counts as carrying `TriggerUnlock`: `[unlock] on_request`.
    package var unlocksOnRequest: Bool
    /// The rules for a client that has no `[[client]]` table of its own.
    package var standard: ClientRules
    /// The rules of each `[[client]]` table by Id in NFC, already laid over ``standard``.
    package var exceptions: [String: ClientRules]

    /// Creates a policy; without arguments it is that of an absent configuration file.
    package init(
        match: MatchOptions = MatchOptions(),
        recipe: PasswordRecipe = PasswordRecipe(),
        unlocksOnRequest: Bool = false,
        standard: ClientRules = ClientRules(),
        exceptions: [String: ClientRules] = [:]
    ) {
        self.match = match
        self.recipe = recipe
        self.unlocksOnRequest = unlocksOnRequest
        self.standard = standard
        self.exceptions = exceptions
    }

    /// The rules that hold for the client with this Id, in whatever form it is written.
    package func rules(for id: String?) -> ClientRules {
        guard !exceptions.isEmpty else { return standard }
        return id.flatMap { PlainName(cleaning: $0) }.flatMap { exceptions[$0.text] } ?? standard
    }

    /// Whether what is locked is to be unlocked for a request, after a question.
    func wantsUnlock(_ request: Request) -> Bool {
        // If nobody is to be asked, that goes for the unlock, too.
        (request.triggerUnlock || unlocksOnRequest) && rules(for: request.id).access != .granted
    }

    /// What the client with this Id may do that others may not; nil for nothing.
    func exception(for id: String) -> ApprovalRequest.Exception? {
        rules(for: id).exception(to: standard)
    }
}

/// The part of the policy that a `[[client]]` table may set for one client.
package struct ClientRules: Sendable, Equatable {
    /// When handing out logins of a host asks: `[access] ask`.
    package enum AccessAsk: String, Sendable, CaseIterable {
        case unlessGranted = "unless-granted"
        case always
        /// What a grant covers, and nothing else: nobody is asked.
        case granted
        /// Everything, and nobody is asked.
        case never
    }

    /// When an operation asks: `[access] ask_bulk`, `[save] ask`.
    package enum Ask: String, Sendable, CaseIterable {
        case always
        case never
    }

    /// `[access] ask`.
    package var access: AccessAsk = .unlessGranted
    /// `[access] ask_bulk`: for whole-vault reads, searches, reads by name and by uuid.
    package var bulkAccess: Ask = .always
    /// `[save] ask`.
    package var saving: Ask = .always
    /// Whether that was written for this client, or for all clients next to the ``access`` that applies here.
    package var isSavingWritten: Bool = false
    /// `[save] group`: where new logins go.
    package var saveGroup: String = "KeePassHttp Passwords"
    /// `[fields] return`: whether string fields are handed out.
    package var returnsFields: Bool = false
    /// `[fields] only_kph`: just those named `KPH: …`, without that prefix.
    package var onlyKPHFields: Bool = true
    /// `[protocol] version`: four numbers with dots.
    package var version: String = "2.3.1.0"
    /// `[protocol] passwords_in_get_all_logins`.
    package var passwordsInGetAllLogins: Bool = false
    /// `[protocol] groups`: whether entries carry their `Group`.
    package var groups: Bool = true
    /// `[[client]] any_program`: its key may come from any program of this user unasked.
    package var anyProgram: Bool = false

    /// Creates the rules of an absent configuration file.
    package init() {}

    /// What these allow that others don't.
    fileprivate func exception(to standard: ClientRules) -> ApprovalRequest.Exception? {
        let isUnasked = { (rules: ClientRules) in rules.access == .never || rules.bulkAccess == .never }
        if isUnasked(self), !isUnasked(standard) || bulkAccess != standard.bulkAccess { return .unasked }
        let isLooser =
            anyProgram && !standard.anyProgram
            || saving == .never && standard.saving != .never
            || passwordsInGetAllLogins && !standard.passwordsInGetAllLogins
            || returnsFields && !standard.returnsFields
            || !onlyKPHFields && standard.onlyKPHFields
        return isLooser ? .looser : nil
    }

    /// Whether a save that nothing covers is asked about: with `ask = "granted"` only where `[save] ask` says so.
    package var asksToSave: Bool { access != .granted || isSavingWritten && saving == .always }
}
