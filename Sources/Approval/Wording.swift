// SPDX-License-Identifier: Apache-2.0

package import Callers
import DisplayText

/// The words in which a person is asked: who asks, for what, where.
///
/// Everything is plain text. First comes what Keybell has found out itself, then in quotes what the client says,
/// so that no client can write a line that looks like Keybell's.
package enum Wording {
    /// The longest name or host in a title, so that none pushes the rest out of sight.
    private static let titleLimit = 64

    /// One line: who asks for what, where.
    package static func title(_ request: ApprovalRequest) -> String {
        let who = asker(request.caller)
        return switch request.kind {
        case .associate:
            "\(who) wants to become a client"
        case .overwrite:
            "\(who) wants to replace the key of \(PlainText.quoted(request.client ?? "", limit: titleLimit))"
        case .unlock:
            "\(who) asks to unlock \(vaults(request, limit: titleLimit) ?? "the keyring")"
        case .release where request.search != nil:
            "\(who) searches your logins for \(PlainText.quoted(request.search ?? "", limit: titleLimit))"
        case .release where request.bulk:
            "\(who) asks for \(count(request.entries.count, "login")) at once"
        case .release:
            "\(who) asks for \(request.entries.count == 1 ? "the login" : "logins")\(place(" for ", request.host))"
        case .save where request.isNew:
            "\(who) wants to save a new login\(place(" for ", request.host))"
        case .save:
            "\(who) wants to change \(changed(request))\(place(" for ", request.host))"
        }
    }

    /// Several lines for the person who wants to know more.
    package static func body(_ request: ApprovalRequest, limits: Limits = Limits()) -> String {
        // The host first: some notifiers cut titles, and show no more than the first lines.
        let lines =
            hostLines(request) + callerLines(request.caller) + matterLines(request, limits)
            + claimLines(request)
        return lines.joined(separator: "\n")
    }

    /// How to answer where no button can be relied upon; it fits on one line of mako.
    package static func howToAnswer(_ code: String) -> String {
        "Run keybell allow \(code) (or deny …)"
    }

    /// What the title calls the asker: of several that share the connection all, the stranger ones first.
    package static func asker(_ caller: Caller) -> String {
        var names: [String] = []
        let strange = caller.askers.filter {
            $0.sandbox != nil || !$0.process.isFoundAtPath || $0.process.userWritable
        }
        let ordered = strange + caller.askers.filter { !strange.contains($0) }
        for name in ordered.map(name) where !names.contains(name) { names.append(name) }
        // One in a sandbox counts for them all, also where just a descendant of the asker is.
        for sandbox in caller.sandboxes.map({ PlainText.field($0, limit: titleLimit) })
        where !names.contains(sandbox) {
            names.insert(sandbox, at: 0)
        }
        if names.count > namedAskers {
            names.replaceSubrange((namedAskers - 1)..., with: ["\(names.count - namedAskers + 1) others"])
        }
        guard let last = names.popLast() else { return "An unknown program" }
        let text = names.isEmpty ? last : "\(names.joined(separator: ", ")) or \(last)"
        return text.hasPrefix(claimed) ? "A" + text.dropFirst() : text
    }

    /// What a program is called whose file isn't the one under its path.
    private static let claimed = "a program that calls itself "

    /// How many programs a title names that share the connection.
    private static let namedAskers = 4

    /// One asker; an executable that the user could write has its full path.
    private static func name(_ holder: Holder) -> String {
        if let sandbox = holder.sandbox { return PlainText.field(sandbox, limit: titleLimit) }
        let process = holder.process
        guard !process.executable.isEmpty else { return "an unknown program" }
        // Never cut: what tells a forged `firefox` from the real one is its folder.
        let path = PlainText.field(process.executable)
        guard process.isFoundAtPath else { return claimed + path }
        return process.userWritable ? path : PlainText.field(process.name, limit: titleLimit)
    }

    /// Through what an answer came, as the record of answers has it.
    static func answerer(_ surface: Surface) -> String {
        switch surface {
        case .notifier: "a notification"
        case .dismissal: "a dismissed notification"
        case .terminal: "keybell on a terminal"
        case .bus(let answerer):
            answerer.chain.first.map { PlainText.field($0.executable) } ?? "an unknown program"
        }
    }

    /// `git (4242)`, then its parents; where several share the connection, each with its own.
    package static func processes(_ caller: Caller) -> [String] {
        Array(caller.askers.flatMap { processes($0) }.prefix(allProcesses))
    }

    private static func processes(_ holder: Holder) -> [String] {
        let parents = holder.processes.dropFirst().prefix { !$0.isServiceManager }
        return ([holder.process] + parents).prefix(chainLimit).map { process in
            let name = process.name.isEmpty ? "unknown" : PlainText.field(process.name)
            return "\(name) (\(process.identity.pid))"
        }
    }

    /// How many processes of one chain are named, and how many in all.
    private static let chainLimit = 16
    private static let allProcesses = 64

    /// The vaults that it is about, with commas; nil where the keyring itself is meant.
    static func vaults(_ request: ApprovalRequest, limit: Int = PlainText.fieldLimit) -> String? {
        request.vaults.isEmpty ? nil : PlainText.field(request.vaults.joined(separator: ", "), limit: limit)
    }

    /// How many parents a body names: enough to tell a terminal from a script, the details have them all.
    private static let nearParents = 4

    // MARK: Lines

    private static func hostLines(_ request: ApprovalRequest) -> [String] {
        var lines: [String] = []
        if let host = request.host {
            lines.append("Host: \(PlainText.host(host))")
        }
        if let submitHost = request.submitHost, submitHost != request.host {
            lines.append("Sent to: \(PlainText.host(submitHost))")
        }
        return lines
    }

    private static func callerLines(_ caller: Caller) -> [String] {
        var lines: [String] = []
        for holder in caller.askers.prefix(namedAskers) {
            let parents = processes(holder).dropFirst()
            let near = parents.prefix(nearParents).joined(separator: ", ")
            let further = parents.count > nearParents ? ", …" : ""
            let started = parents.isEmpty ? "" : ", started by \(near)\(further)"
            let process = holder.process
            let executable = process.executable.isEmpty ? "unknown" : PlainText.field(process.executable)
            lines.append("Program: \(executable) (\(process.identity.pid))\(started)")
            if holder.sandbox == nil, !process.isFoundAtPath {
                lines.append(
                    "Another file is at that path: it was replaced, or is only there for this program."
                )
            }
        }
        if caller.askers.isEmpty {
            lines.append("Program: could not be found out; it may be gone or in a sandbox")
        }
        if caller.askers.count > 1 {
            lines.append("They share the connection: which of them asks can't be told.")
        }
        for sandbox in caller.sandboxes.prefix(namedAskers) {
            lines.append("Sandbox: \(PlainText.field(sandbox))")
        }
        return lines
    }

    private static func matterLines(_ request: ApprovalRequest, _ limits: Limits) -> [String] {
        var lines: [String] = []
        if request.verified, let client = request.client {
            lines.append("Client: \(PlainText.field(client))")
        }
        if let vaults = vaults(request) {
            lines.append("\(request.vaults.count == 1 ? "Vault" : "Vaults"): \(vaults)")
        }
        if !request.entries.isEmpty {
            lines.append(entries(request.entries, named: limits.entriesInBody))
        }
        lines += handedOutLines(request)
        if !request.fields.isEmpty {
            lines.append(
                "\(request.isNew ? "Sets" : "Changes"): \(list(request.fields) { PlainText.field($0) })"
            )
        }
        if !request.newHosts.isEmpty {
            lines.append("Would be offered from now on at: \(list(request.newHosts) { PlainText.host($0) })")
        }
        if let fingerprint = request.fingerprint, [.associate, .overwrite].contains(request.kind) {
            lines.append("Key: \(PlainText.field(fingerprint))")
        }
        if let note = request.note {
            lines.append("Note: \(PlainText.field(note))")
        }
        return lines + advice(request)
    }

    /// What an allow would mean, where the title can't say it.
    private static func advice(_ request: ApprovalRequest) -> [String] {
        switch request.kind {
        case .associate:
            ["If allowed, it can ask for logins from now on."]
        case .overwrite:
            ["If allowed, the program that has this name now loses its access."]
        case .unlock where !request.verified:
            ["The keyring is locked: who this client is can't be verified before it is unlocked."]
        default:
            request.verified ? [] : ["The keyring is locked: who this client is could not be verified."]
        }
    }

    /// What only the client says.
    private static func claimLines(_ request: ApprovalRequest) -> [String] {
        let script = request.caller.processes.first?.script
        let claims: [(String, String?)] = [
            ("client", request.verified ? nil : request.client),
            ("script", script),
            ("host", request.claimedHost),
            ("title", request.claimedTitle),
            ("sent to", request.claimedSubmitHost),
            ("origin", request.caller.origin),
            ("user agent", request.caller.userAgent),
        ]
        let told = claims.compactMap { name, claim in claim.map { "\(name) \(PlainText.quoted($0))" } }
        // Suggested by the client or made from what it is called: in quotes either way.
        let name = request.suggestedID.map { ["Name, if allowed: \(PlainText.quoted($0))"] } ?? []
        return name + (told.isEmpty ? [] : ["It says: " + told.joined(separator: ", ")])
    }

    // MARK: Words

    private static func place(_ preposition: String, _ host: String?) -> String {
        host.map { preposition + PlainText.host($0, limit: titleLimit) } ?? ""
    }

    private static func changed(_ request: ApprovalRequest) -> String {
        guard let entry = request.entries.first else { return "a login" }
        return "the login \(PlainText.quoted(entry.title, limit: titleLimit))"
    }

    private static func entries(_ entries: [EntryLine], named: Int) -> String {
        let names = entries.prefix(named).map { entry in
            let title = PlainText.quoted(entry.title, limit: titleLimit)
            let user = PlainText.field(entry.username, limit: titleLimit)
            return user.isEmpty ? title : "\(title) (\(user))"
        }
        let total = entries.count > named ? " and \(entries.count - named) more, \(entries.count) in all" : ""
        return "\(entries.count == 1 ? "Login" : "Logins"): " + names.joined(separator: ", ") + total
    }

    /// The first of a list, and how many more there are.
    static func list(_ texts: [String], _ shown: (String) -> String) -> String {
        let named = 10
        let more = texts.count > named ? " and \(texts.count - named) more" : ""
        return texts.prefix(named).map(shown).joined(separator: ", ") + more
    }

    private static func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }
}
