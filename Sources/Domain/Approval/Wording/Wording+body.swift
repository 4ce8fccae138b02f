// SPDX-License-Identifier: Apache-2.0

import Callers
import DisplayText

extension Wording {
    /// What a person in a hurry has to know beside the title: at most five lines, the weightiest first.
    ///
    /// All warnings are in it, before everything else; where there are many, the lighter ones share a line. As much of
    /// the rest follows as there is room for; all of it is in the details.
    package static func body(_ request: ApprovalRequest, limits: ApprovalLimits = ApprovalLimits()) -> String
    {
        lines(request, limits).shown().joined(separator: "\n")
    }

    static func lines(
        _ request: ApprovalRequest,
        _ limits: ApprovalLimits,
        unconfirmed: ConfirmationError? = nil
    ) -> BodyLines {
        let trouble = unconfirmed.map { error in
            error.wasAsked
                ? BodyLine(
                    "It was allowed, but not confirmed in pinentry's window.",
                    brief: "Not confirmed in pinentry's window."
                )
                : BodyLine(
                    "It was allowed, but pinentry could not ask you: see `keybell doctor`.",
                    brief: "pinentry could not ask you."
                )
        }
        return BodyLines(
            warnings: [trouble].compactMap(\.self) + warnings(request),
            matters: matters(request, limits)
        )
    }

    /// What is asked for, the weightiest first.
    private static func matters(_ request: ApprovalRequest, _ limits: ApprovalLimits) -> [BodyLine] {
        switch request.kind {
        case .associate:
            [extensionLine(request)].compactMap(\.self) + plain(associateLines(request))
        case .overwrite:
            [extensionLine(request)].compactMap(\.self) + plain([scriptLine(request)])
        case .unlock: unlockLines(request)
        case .release: releaseLines(request, limits)
        case .save: saveLines(request, limits)
        }
    }

    /// Lines of which there is just one form.
    static func plain(_ lines: [String?]) -> [BodyLine] {
        lines.compactMap(\.self).map { BodyLine($0) }
    }

    // MARK: Kinds

    private static func associateLines(_ request: ApprovalRequest) -> [String?] {
        [
            scriptLine(request),
            request.suggestedID.map {
                request.isNameTaken
                    ? "Another client has the name \(quoted($0)): you are asked about that next."
                    : "Keybell will call it \(quoted($0))\(insteadOf(request))."
            },
            request.unlocksKeyring ? "Your keyring will ask for its password." : nil,
            "If you allow it, it can ask for logins from now on.",
        ]
    }

    /// That it is the same wish as the one just denied, under another name.
    private static func insteadOf(_ request: ApprovalRequest) -> String {
        request.deniedName.map { "; \(quoted($0)) stays with the client that has it" } ?? ""
    }

    private static func unlockLines(_ request: ApprovalRequest) -> [BodyLine] {
        plain([
            wish(request),
            request.isFirstOpening ? firstOpeningLine(request) : nil,
            request.verified
                ? nil : request.client.map { "It says that its name in Keybell is \(quoted($0))." },
            nameLine(request),
        ]) + [extensionLine(request)].compactMap(\.self) + plain([scriptLine(request)])
    }

    /// That a vault is opened for the first time, whose name the title has.
    private static func firstOpeningLine(_ request: ApprovalRequest) -> String {
        request.vaults.count > 1
            ? "The vaults have never been opened on this computer."
            : "The vault has never been opened on this computer."
    }

    /// Why a vault is to be unlocked.
    private static func wish(_ request: ApprovalRequest) -> String? {
        let place = request.wantedHost.map { " at \(shown($0, request))" } ?? ""
        return switch request.requestType {
        case "get-logins", "get-logins-count": "It wants your login\(place)."
        case "set-login": "It wants to save a login\(place)."
        case "get-logins-custom-search": "It wants to search your logins."
        case "get-all-logins": "It wants all your logins."
        case "get-logins-by-names", "get-login-by-uuid": "It wants some of your logins."
        case "associate": "You have let it in; to finish that, the vault has to be opened once."
        case "test-associate": "It asks for no login yet."
        default: nil
        }
    }

    private static func saveLines(_ request: ApprovalRequest, _ limits: ApprovalLimits) -> [BodyLine] {
        let sorted = Site.sorted(request.newHosts, from: request.host)
        let hosts = sorted.sameSite.filter { $0 != request.host }
        // A warning says that it moves to another site.
        let moves = isMove(request) && sorted.elsewhere.isEmpty
        let start = moves ? "The login moves from \(lost(request)) to" : "Will also be offered at"
        let also =
            hosts.isEmpty ? nil : "\(start) \(list(hosts) { shown($0, request) })."
        let gone =
            request.lostHosts.isEmpty || isMove(request)
            ? nil : "Will no longer be offered at \(lost(request))."
        let claimed = request.claimedHost.flatMap { host in
            isElsewhere(host, request) ? nil : "It says that the page is \(quoted(host))."
        }
        return [loginsLine(request, limits), changesLine(request)].compactMap(\.self)
            + plain([
                also, gone, claimed, formLine(request), scriptLine(request), anyScriptLine(request),
                vaultLine(request), nameLine(request),
            ]) + [extensionLine(request)].compactMap(\.self)
    }

    /// What a save sets or changes; in brief the protocol's own fields first, and just a few.
    private static func changesLine(_ request: ApprovalRequest) -> BodyLine? {
        guard !request.fields.isEmpty else { return nil }
        if request.usesCode {
            return BodyLine(
                "The code is used up, and its counter is saved.",
                brief: "The code is used up.",
                isEssential: true
            )
        }
        let verb = request.isNew ? "Sets" : "Changes"
        let named = request.fields.map(fieldName).filter { !$0.hasPrefix("“") }
        // Nothing else that a save sets matters as much.
        let known = named.filter { $0 == "password" } + named.filter { $0 != "password" }
        let others = request.fields.filter { fieldName($0).hasPrefix("“") }.map { TitleRoom.brief.quotes($0) }
        let all = known + others
        var few = all.prefix(known.isEmpty ? 1 : 2)
        // To count a single one takes as much room as its name.
        if all.count == few.count + 1, let last = all.last, last.width(in: .proportional) <= 8 {
            few = all[...]
        }
        let left = all.count - few.count
        return BodyLine(
            "\(verb) \(listed(request.fields.map(fieldName))).",
            brief: "\(verb) \(listed(few + (left > 0 ? ["\(left) more"] : []))).",
            isEssential: true
        )
    }

    /// The name of what a save changes: the protocol's own in plain words, any other in quotes.
    private static func fieldName(_ name: String) -> String {
        switch name {
        case "Name": "title"
        case "Login": "user name"
        case "Password": "password"
        case "Url": "address"
        case "Realm": "realm"
        case "Allow": "allowed hosts"
        default: quoted(name)
        }
    }

    // MARK: Lines of several kinds

    /// Where the form goes, if to another host of the same site; another site's is a warning.
    static func formLine(_ request: ApprovalRequest) -> String? {
        if let form = request.submitHost, let host = request.host {
            guard form != host, Site.isSame(form, host) else { return nil }
            return "The form goes to \(shown(form, request))."
        }
        guard request.kind == .save else { return nil }
        return request.claimedSubmitHost.map { "It says that the form goes to \(quoted($0))." }
    }

    static func vaultLine(_ request: ApprovalRequest) -> String? {
        guard request.hasOtherVaults || request.vaults.count > 1 else { return nil }
        return vaults(request).map { "\(request.vaults.count == 1 ? "Vault" : "Vaults"): \($0)" }
    }

    /// What the person calls the client.
    static func nameLine(_ request: ApprovalRequest) -> String? {
        guard request.verified else { return nil }
        if let name = request.clientName { return "You named it \(quoted(name))." }
        // Where the title has no room or reason for it: nothing else tells several clients of one program apart.
        guard soleAsker(of: request) == nil, !request.caller.askers.isEmpty, let id = request.client,
            !request.caller.askers.contains(where: { id.hasPrefix($0.process.name) })
        else { return nil }
        return "Its name in Keybell is \(quoted(id))."
    }

    /// Which extension, or page, it claims to be.
    static func extensionLine(_ request: ApprovalRequest) -> BodyLine? {
        guard let origin = request.caller.origin, !origin.isEmpty else { return nil }
        return switch ClaimedOrigin(origin) {
        case .knownExtension(let name):
            BodyLine(
                "It says that it is the extension \(name).",
                brief: "It says that it is \(name)."
            )
        case .otherExtension where request.extensionName != nil:
            BodyLine(
                "It says that it is the extension that you call \(quoted(request.extensionName ?? "")).",
                brief: "It says that it is \(TitleRoom.brief.quotes(request.extensionName ?? ""))."
            )
        case .otherExtension:
            request.kind == .associate
                ? BodyLine(
                    "It says that it is a browser extension.",
                    brief: "It says that it is an extension."
                ) : nil
        case .page(let page): BodyLine("It says that it is the page \(quoted(page)).")
        }
    }

    /// Which script an interpreter runs, according to its arguments; for any other program, which script started it.
    static func scriptLine(_ request: ApprovalRequest) -> String? {
        if let script = request.caller.askers.compactMap(\.process.script).first {
            return "It says that it runs \(PlainText.quoted(script))."
        }
        let starter = request.caller.askers.filter { $0.sandbox == nil }.compactMap(\.starter).first
        return starter.map { "It seems to be run by \(PlainText.quoted($0))." }
    }

    /// That a decision for always would hold for more than this, since an interpreter names no script.
    static func anyScriptLine(_ request: ApprovalRequest) -> String? {
        guard request.alwaysOffered, let process = soleAsker(of: request), process.isAnyScript else {
            return nil
        }
        return "Always would be for anything that \(PlainText.name(process.name)) runs without a script."
    }

    // MARK: Words

    /// A program in the list of grants: an interpreter without a script stands for whatever that runs without one.
    package static func program(_ id: String) -> String {
        guard !id.isEmpty else { return "" }
        let name = PlainText.name(id)
        return Program.isAnyScript(id) ? "\(name) (anything without a script)" : name
    }

    /// Whose key it is.
    static func owner(_ owner: KeyOwner) -> String {
        let program = owner.program.isEmpty ? "an unknown program" : PlainText.name(owner.program)
        guard let origin = owner.origin, !origin.isEmpty else { return program }
        return switch ClaimedOrigin(origin) {
        case .knownExtension(let name): "the extension \(name) of \(program)"
        case .otherExtension:
            owner.extensionName.map { "the extension \(quoted($0)) of \(program)" }
                ?? "an extension of \(program)"
        case .page(let page): "the page \(quoted(page)) in \(program)"
        }
    }

    /// The same in a few columns.
    static func briefOwner(_ owner: KeyOwner) -> String {
        let program =
            owner.program.isEmpty
            ? "an unknown program"
            : PlainText.name(owner.program, columns: TitleRoom.brief.path ?? titleLimit)
        guard let origin = owner.origin, !origin.isEmpty else { return program }
        return switch ClaimedOrigin(origin) {
        case .knownExtension(let name): "\(name) of \(program)"
        case .otherExtension:
            owner.extensionName.map { "\(TitleRoom.brief.quotes($0)) of \(program)" }
                ?? "an extension of \(program)"
        case .page: "a page in \(program)"
        }
    }

    /// A host among other things.
    static func shown(_ host: String, _ request: ApprovalRequest) -> String {
        PlainText.host(host, limit: titleLimit, as: request.hostForm)
    }

    /// A host in a few columns.
    static func briefHost(_ host: String, _ request: ApprovalRequest) -> String {
        PlainText.host(host, columns: TitleRoom.briefHost, as: request.hostForm)
    }

    static func times(_ owner: KeyOwner) -> String {
        let since = owner.created.map { ", since \(Calendar.day($0))" } ?? ""
        return since + (owner.lastUsed.map { ", last used \(Calendar.day($0))" } ?? "")
    }

    /// The first of a list, and how many more there are.
    static func list(_ texts: [String], _ shown: (String) -> String) -> String {
        let named = 5
        guard texts.count > named else { return listed(texts.map(shown)) }
        return texts.prefix(named).map(shown).joined(separator: ", ") + " and \(texts.count - named) more"
    }

    /// `a`, `a and b`, `a, b and c`.
    static func listed(_ texts: [String], _ word: String = "and") -> String {
        guard let last = texts.last, texts.count > 1 else { return texts.joined() }
        return texts.dropLast().joined(separator: ", ") + " \(word) \(last)"
    }
}
