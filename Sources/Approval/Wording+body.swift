// SPDX-License-Identifier: Apache-2.0

import Callers
import DisplayText

extension Wording {
    /// Several lines for the person who wants to know more, the weightiest first.
    package static func body(_ request: ApprovalRequest, limits: Limits = Limits()) -> String {
        let lines =
            warnings(request) + hostLines(request) + matterLines(request, limits)
            + callerLines(request.caller) + claimLines(request)
        return lines.joined(separator: "\n")
    }

    /// How many parents a body names: enough to tell a terminal from a script, the details have them all.
    private static let nearParents = 4

    // MARK: Warnings

    /// What should make a person think twice.
    private static func warnings(_ request: ApprovalRequest) -> [String] {
        var lines: [String] = []
        if let note = request.note { lines.append(PlainText.field(note)) }
        if !request.verified {
            lines.append(
                request.kind == .unlock
                    ? "The keyring is locked: who this client is can't be verified before it is unlocked."
                    : "The keyring is locked: who this client is could not be verified."
            )
        }
        if let host = request.submitHost, let page = request.host, !Site.isSame(host, page) {
            lines.append("The form goes to another site: \(PlainText.host(host))")
        }
        if let host = request.claimedHost, let stored = request.host, !Site.isSame(host, stored) {
            lines.append("It says that the page is of another site: \(PlainText.quoted(host))")
        }
        if let target = request.claimedSubmitHost, request.kind == .release {
            lines.append("The form goes where two programs could read two hosts: \(PlainText.quoted(target))")
        }
        if request.isPlainHTTP, !staysHere(request) {
            lines.append("By plain http: others on the way can read it.")
        }
        lines += newHostLines(request)
        lines += callerWarnings(request.caller)
        if request.kind == .overwrite {
            lines.append("If allowed, the program that has this name now loses its access.")
        }
        return lines
    }

    /// Whether neither the page nor its form is anywhere else than on this machine.
    private static func staysHere(_ request: ApprovalRequest) -> Bool {
        let form = request.submitHost ?? request.claimedSubmitHost
        return Site.isThisMachine(request.host) && (form == nil || Site.isThisMachine(form))
    }

    /// Where an entry would be offered from now on: what is of another site is always named, each of it.
    private static func newHostLines(_ request: ApprovalRequest) -> [String] {
        let hosts = Site.sorted(request.newHosts, from: request.host)
        var lines: [String] = []
        if !hosts.elsewhere.isEmpty {
            let names = hosts.elsewhere.map { PlainText.host($0) }.joined(separator: ", ")
            let other = request.host == nil ? "" : ", another site"
            lines.append("Would be offered from now on at: \(names)\(other)")
        }
        if !hosts.sameSite.isEmpty {
            let also = hosts.elsewhere.isEmpty ? "Would" : "And it would"
            lines.append("\(also) be offered from now on at: \(list(hosts.sameSite) { PlainText.host($0) })")
        }
        return lines
    }

    // MARK: What is asked for

    private static func hostLines(_ request: ApprovalRequest) -> [String] {
        // Some notifiers cut titles, and show no more than the first lines.
        var lines = request.host.map { ["Host: \(PlainText.host($0))"] } ?? []
        if let submitHost = request.submitHost, let host = request.host, submitHost != host,
            Site.isSame(submitHost, host)
        {
            lines.append("Sent to: \(PlainText.host(submitHost))")
        }
        return lines
    }

    private static func matterLines(_ request: ApprovalRequest, _ limits: Limits) -> [String] {
        var lines: [String] = []
        if !request.entries.isEmpty {
            lines.append(entries(request.entries, named: limits.entriesInBody))
        }
        lines += handedOutLines(request)
        if !request.fields.isEmpty {
            lines.append("\(request.isNew ? "Sets" : "Changes"): \(list(request.fields, quoted))")
        }
        if let vaults = vaults(request) {
            lines.append("\(request.vaults.count == 1 ? "Vault" : "Vaults"): \(vaults)")
        }
        if request.verified, let client = request.client {
            lines.append("Client: \(PlainText.quoted(client))")
        }
        if let fingerprint = request.fingerprint, [.associate, .overwrite].contains(request.kind) {
            lines.append("Key: \(PlainText.field(fingerprint))")
        }
        if request.kind == .associate { lines.append("If allowed, it can ask for logins from now on.") }
        return lines
    }

    private static func entries(_ entries: [EntryLine], named: Int) -> String {
        let names = entries.prefix(named).map { entry in
            quoted(entry.title) + (entry.username.isEmpty ? "" : " (\(quoted(entry.username)))")
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

    // MARK: Who asks

    private static func callerLines(_ caller: Caller) -> [String] {
        var lines: [String] = []
        for holder in caller.askers.prefix(namedAskers) {
            let parents = processes(holder).dropFirst()
            let near = parents.prefix(nearParents).joined(separator: ", ")
            let further = parents.count > nearParents ? ", …" : ""
            let started = parents.isEmpty ? "" : ", started by \(near)\(further)"
            let process = holder.process
            let executable = process.executable.isEmpty ? "unknown" : PlainText.name(process.executable)
            lines.append("Program: \(executable) (\(process.identity.pid))\(started)")
        }
        if caller.askers.isEmpty {
            lines.append("Program: could not be found out; it may be gone or in a sandbox")
        }
        for sandbox in caller.sandboxes.prefix(namedAskers) {
            lines.append("Sandbox: \(PlainText.name(sandbox))")
        }
        return lines
    }

    /// What is strange about who asks.
    private static func callerWarnings(_ caller: Caller) -> [String] {
        var lines: [String] = []
        let open = caller.askers.filter { $0.sandbox == nil }
        if open.contains(where: { !$0.process.isFoundAtPath }) {
            lines.append("Another file is at that path: it was replaced, or is only there for this program.")
        }
        if open.contains(where: { $0.process.userWritable }) {
            lines.append("Any program of yours could have put this one at its place.")
        }
        if caller.askers.count > 1 {
            lines.append("They share the connection: which of them asks can't be told.")
        }
        return lines
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
}
