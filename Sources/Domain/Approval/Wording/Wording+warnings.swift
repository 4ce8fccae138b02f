// SPDX-License-Identifier: Apache-2.0

import Callers
import DisplayText

extension Wording {
    /// What should make a person think twice, the weightiest first.
    static func warnings(_ request: ApprovalRequest) -> [BodyLine] {
        let lines =
            losses(request) + [
                restricted(request), exception(request), newHostsElsewhere(request), settings(request),
                stranger(request),
                unverified(request), formElsewhere(request), pageElsewhere(request), plainHTTP(request),
            ] + callerWarnings(request.caller)
        return lines.compactMap(\.self)
    }

    /// What somebody else loses.
    private static func losses(_ request: ApprovalRequest) -> [BodyLine?] {
        guard request.kind == .overwrite else { return [] }
        return [
            request.replaced.map { holder in
                let name = holder.name.map { "\(PlainText.quoted($0, limit: titleLimit)), " } ?? ""
                let brief = holder.name.map { "\(TitleRoom.brief.quotes($0)), " } ?? ""
                return BodyLine(
                    "That name belongs to \(name)\(owner(holder))\(times(holder)).",
                    shorter: "It belongs to \(brief)\(briefOwner(holder))\(times(holder)).",
                    brief: "It belongs to \(brief)\(briefOwner(holder)).",
                    terse: "It is another's name."
                )
            },
            BodyLine(
                "If you allow it, that one loses its access and everything it was allowed.",
                brief: "That one loses its access."
            ),
            request.replaced?.part.map { part in
                BodyLine(
                    "As that one, it sees only \(part).",
                    brief: "It is restricted as that one.",
                    terse: "It is restricted."
                )
            },
        ]
    }

    /// That who asks to be let in, or another one like it, is restricted.
    private static func restricted(_ request: ApprovalRequest) -> BodyLine? {
        guard request.kind == .associate, let known = request.restricted else { return nil }
        let (name, brief) = (quoted(known.name), TitleRoom.brief.quotes(known.name))
        guard known.hasKey else {
            return BodyLine(
                "It is restricted as \(name), seeing only \(known.part); a new client sees everything.",
                brief: "It is restricted as \(brief); a new one isn't.",
                terse: "It sees more than \(brief)."
            )
        }
        return BodyLine(
            "Its key is known as \(name), which sees only \(known.part), and stays restricted to that.",
            brief: "It is restricted as \(brief), and stays so.",
            terse: "It stays restricted."
        )
    }

    /// What comes with the name that a new key would get.
    private static func exception(_ request: ApprovalRequest) -> BodyLine? {
        guard let exception = request.exception, let id = request.suggestedID else { return nil }
        let brief = TitleRoom.brief.quotes(id)
        return switch exception {
        case .unasked:
            BodyLine(
                "Your config.toml lets \(PlainText.quoted(id)) have logins without asking you.",
                brief: "config.toml lets \(brief) have logins unasked."
            )
        case .looser:
            BodyLine(
                "Your config.toml has looser rules for \(PlainText.quoted(id)) than for others.",
                brief: "config.toml is looser for \(brief)."
            )
        }
    }

    /// Where an entry of another site would be offered from now on: each is named, in short by its domain.
    ///
    /// Where there isn't room for all, none is named: the client, who chose their order, would choose which one stands
    /// for all.
    private static func newHostsElsewhere(_ request: ApprovalRequest) -> BodyLine? {
        let hosts = Site.sorted(request.newHosts, from: request.host).elsewhere
        guard !hosts.isEmpty else { return nil }
        let names = listed(hosts.map { PlainText.host($0, as: request.hostForm) })
        let isElsewhere = request.host != nil
        let isMove = isMove(request)
        var domains: [String] = []
        for domain in hosts.map({ PlainText.host(Site.domain(of: $0), as: request.hostForm) })
        where !domains.contains(domain) {
            domains.append(domain)
        }
        let start = isMove ? "The login moves to" : isElsewhere ? "Also offered at" : "Offered at"
        let shorter = "\(start) \(hosts.count == 1 ? briefHost(hosts[0], request) : listed(domains))."
        let brief =
            domains.count == 1
            ? shorter
            : "\(start) \(domains.count) \(isElsewhere ? "other " : "")sites: see keybell requests."
        let terse =
            domains.count == 1 ? shorter : "\(start) \(domains.count) \(isElsewhere ? "other " : "")sites."
        guard isElsewhere else {
            return BodyLine(
                "Will be offered at \(names).",
                shorter: shorter,
                brief: brief,
                terse: terse,
                isWeighty: true
            )
        }
        let sites = "\(hosts.count == 1 ? "another site" : "other sites"): \(names)."
        return BodyLine(
            isMove
                ? "The login moves from \(lost(request)) to \(sites)"
                : "Will also be offered at \(sites)",
            shorter: shorter,
            brief: brief,
            terse: terse,
            isWeighty: true
        )
    }

    /// Whether the entry leaves its own host for others.
    static func isMove(_ request: ApprovalRequest) -> Bool {
        request.host.map(request.lostHosts.contains) ?? false && !request.newHosts.isEmpty
    }

    /// Where the entry would no longer be offered.
    static func lost(_ request: ApprovalRequest) -> String {
        listed(request.lostHosts.map { shown($0, request) })
    }

    /// What another program may take for its own settings, and so offer the entry elsewhere.
    private static func settings(_ request: ApprovalRequest) -> BodyLine? {
        guard let first = request.settingsFields.first else { return nil }
        let others = request.settingsFields.count - 1
        let more = others > 0 ? " and \(others) more" : ""
        return BodyLine(
            "Another program may take its settings from \(PlainText.quoted(first))\(more).",
            brief: "May be another program's settings: \(TitleRoom.brief.quotes(first))\(more).",
            terse: "May be some settings."
        )
    }

    private static func stranger(_ request: ApprovalRequest) -> BodyLine? {
        guard let given = request.givenTo else { return nil }
        guard !given.program.isEmpty else {
            return BodyLine(
                "Keybell doesn't know yet which program its key belongs to.",
                brief: "Its key may be another's.",
                terse: "Its key is unknown."
            )
        }
        // Where the program is the same, its Origin isn't, or nothing is known for sure.
        return BodyLine(
            "Its key was given to somebody else: \(owner(given)).",
            brief: "Its key belongs to another: \(briefOwner(given)).",
            terse: "Its key is another's."
        )
    }

    private static func unverified(_ request: ApprovalRequest) -> BodyLine? {
        guard !request.verified else { return nil }
        return request.isFirstOpening
            ? BodyLine("Keybell can't check yet who this is.")
            : BodyLine(
                "The keyring is locked, so Keybell can't check yet who this is.",
                brief: "Unchecked: the keyring is locked."
            )
    }

    private static func formElsewhere(_ request: ApprovalRequest) -> BodyLine? {
        if let form = request.submitHost, let page = request.host, !Site.isSame(form, page) {
            return BodyLine(
                "The form goes to another site: \(PlainText.host(form, as: request.hostForm)).",
                brief: "The form goes to \(briefHost(form, request)).",
                terse: "Form: \(briefHost(form, request))."
            )
        }
        guard request.kind == .release, let form = request.claimedSubmitHost else { return nil }
        return BodyLine(
            "It isn't clear where the form goes: \(PlainText.quoted(form)).",
            brief: "The form may go to \(PlainText.quoted(briefHost(form, request)))."
        )
    }

    private static func pageElsewhere(_ request: ApprovalRequest) -> BodyLine? {
        guard let host = request.claimedHost, isElsewhere(host, request) else { return nil }
        return BodyLine(
            "It says that the page is on another site: \(PlainText.quoted(host)).",
            brief: "It says that the page is \(PlainText.quoted(briefHost(host, request)))."
        )
    }

    /// Whether a host that the client names is of another site than the stored entry.
    static func isElsewhere(_ host: String, _ request: ApprovalRequest) -> Bool {
        request.host.map { !Site.isSame(host, $0) } ?? false
    }

    private static func plainHTTP(_ request: ApprovalRequest) -> BodyLine? {
        let form = request.submitHost ?? request.claimedSubmitHost
        let staysHere = Site.isThisMachine(request.host) && (form == nil || Site.isThisMachine(form))
        guard request.isPlainHTTP, !staysHere else { return nil }
        return BodyLine("Plain http: others on the network can read it.", brief: "Plain http.")
    }

    /// What is strange about who asks.
    private static func callerWarnings(_ caller: Caller) -> [BodyLine] {
        var lines: [BodyLine] = []
        let open = caller.askers.filter { $0.sandbox == nil }
        if open.contains(where: { !$0.process.isFoundAtPath }) {
            lines.append(
                BodyLine(
                    "The file at that path isn't the program that asks.",
                    brief: "Not the file at that path."
                )
            )
        }
        if !caller.askers.isEmpty, !caller.isComplete {
            lines.append(
                BodyLine(
                    "Another program that can't be seen may be asking.",
                    brief: "An unseen program may be asking."
                )
            )
        }
        if open.contains(where: { $0.process.userWritable }) {
            lines.append(
                BodyLine(
                    "Any program that you run could have replaced this one.",
                    brief: "Any program could have replaced it.",
                    terse: "Anything could replace it."
                )
            )
        }
        if caller.askers.count > 1 {
            lines.append(
                BodyLine(
                    "They share a connection, so any of them may be asking.",
                    brief: "They share a connection."
                )
            )
        }
        return lines
    }
}
