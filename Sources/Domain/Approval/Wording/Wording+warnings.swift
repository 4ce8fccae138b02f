// SPDX-License-Identifier: Apache-2.0

import Callers
import DisplayText

extension Wording {
    /// What should make a person think twice, the weightiest first.
    static func warnings(_ request: ApprovalRequest) -> [String] {
        let lines =
            [
                exception(request), newHostsElsewhere(request), settings(request), stranger(request),
                unverified(request), formElsewhere(request), pageElsewhere(request), plainHTTP(request),
            ] + callerWarnings(request.caller)
        return lines.compactMap(\.self)
    }

    /// What comes with the name that a new key is to have.
    private static func exception(_ request: ApprovalRequest) -> String? {
        guard let exception = request.exception, let id = request.suggestedID else { return nil }
        return switch exception {
        case .unasked: "Your config.toml lets \(PlainText.quoted(id)) have logins without asking you."
        case .looser: "Your config.toml has looser rules for \(PlainText.quoted(id)) than for others."
        }
    }

    /// Where an entry of another site would be offered from now on: each is named.
    private static func newHostsElsewhere(_ request: ApprovalRequest) -> String? {
        let hosts = Site.sorted(request.newHosts, from: request.host).elsewhere
        guard !hosts.isEmpty else { return nil }
        let names = listed(hosts.map { PlainText.host($0) })
        guard request.host != nil else { return "Will be offered at \(names)." }
        return "Will also be offered at \(hosts.count == 1 ? "another site" : "other sites"): \(names)."
    }

    /// What another program may take for its own settings, and so offer the entry elsewhere.
    private static func settings(_ request: ApprovalRequest) -> String? {
        guard let first = request.settingsFields.first else { return nil }
        let others = request.settingsFields.count - 1
        let more = others > 0 ? " and \(others) more" : ""
        return "Some program may take this for its settings: \(PlainText.quoted(first))\(more)."
    }

    private static func stranger(_ request: ApprovalRequest) -> String? {
        guard let given = request.givenTo else { return nil }
        guard !given.program.isEmpty else {
            return "Its key was imported, or given to what couldn't be seen: the program isn't known yet."
        }
        // Where the program is the same it is its Origin that isn't, or nothing is known for sure.
        return "Its key was given to somebody else: \(holder(given))."
    }

    private static func unverified(_ request: ApprovalRequest) -> String? {
        guard !request.verified else { return nil }
        return request.isFirstOpening
            ? "It has not said yet which client it is."
            : "The keyring is locked, so Keybell can't check yet who this is."
    }

    private static func formElsewhere(_ request: ApprovalRequest) -> String? {
        if let form = request.submitHost, let page = request.host, !Site.isSame(form, page) {
            return "The form goes to another site: \(PlainText.host(form))."
        }
        guard request.kind == .release, let form = request.claimedSubmitHost else { return nil }
        return "It isn't clear where the form goes: \(PlainText.quoted(form))."
    }

    private static func pageElsewhere(_ request: ApprovalRequest) -> String? {
        guard let host = request.claimedHost, isElsewhere(host, request) else { return nil }
        return "It says that the page is of another site: \(PlainText.quoted(host))."
    }

    /// Whether a host that the client names is of another site than the stored entry.
    static func isElsewhere(_ host: String, _ request: ApprovalRequest) -> Bool {
        request.host.map { !Site.isSame(host, $0) } ?? false
    }

    private static func plainHTTP(_ request: ApprovalRequest) -> String? {
        let form = request.submitHost ?? request.claimedSubmitHost
        let staysHere = Site.isThisMachine(request.host) && (form == nil || Site.isThisMachine(form))
        guard request.isPlainHTTP, !staysHere else { return nil }
        return "Plain http: others on the way can read it."
    }

    /// What is strange about who asks.
    private static func callerWarnings(_ caller: Caller) -> [String] {
        var lines: [String] = []
        let open = caller.askers.filter { $0.sandbox == nil }
        if open.contains(where: { !$0.process.isFoundAtPath }) {
            lines.append("The file at that path isn't the program that asks.")
        }
        if !caller.askers.isEmpty, !caller.isComplete {
            lines.append("Another program that can't be seen may be asking.")
        }
        if open.contains(where: { $0.process.userWritable }) {
            lines.append("Any program that you run could have replaced this one.")
        }
        if caller.askers.count > 1 {
            lines.append("They share a connection, so any of them may be asking.")
        }
        return lines
    }
}
