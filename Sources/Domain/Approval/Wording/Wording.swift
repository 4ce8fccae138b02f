// SPDX-License-Identifier: Apache-2.0

package import Callers
import DisplayText

/// The words in which a person is asked: who asks, for what, where.
///
/// Everything is plain text. What a client, an entry or a file's name says stands in quotes, so that none of them can
/// write a line that looks like Keybell's.
package enum Wording {
    /// The longest name or host in a title, so that none pushes the rest out of sight.
    static let titleLimit = 64

    /// One line: who asks for what, where.
    package static func title(_ request: ApprovalRequest) -> String {
        title(request, in: .whole)
    }

    static func title(_ request: ApprovalRequest, in room: TitleRoom) -> String {
        let who = asker(of: request, in: room)
        return switch request.kind {
        case .associate:
            "Let \(who) ask Keybell for logins?"
        case .overwrite:
            "Let \(who) take over the name \(room.quotes(request.client ?? ""))?"
        case .unlock:
            "\(who) asks to unlock \(unlocked(request, in: room))"
        case .release where request.bulk:
            "\(who) \(bulk(request, in: room))"
        case .release:
            "\(who) asks for \(logins(request.entryCount))\(place(request, in: room))"
        case .save where request.usesCode:
            "\(who) asks for a one-time code\(place(request, in: room))"
        case .save where request.isNew:
            "\(who) wants to save a new login\(place(request, in: room))"
        case .save:
            "\(who) wants to change \(changed(request, in: room))\(place(request, in: room))"
        }
    }

    /// The asker; for a script, with the name that it has or wants in Keybell, which is all that tells one from
    /// another.
    private static func asker(of request: ApprovalRequest, in room: TitleRoom) -> String {
        // It begins the other sentences.
        let isWithin = request.kind == .associate || request.kind == .overwrite
        let who = asker(request.caller, in: room, beginsSentence: !isWithin)
        guard let process = soleAsker(of: request) else { return who }
        let isOwn = ownCommands.contains(process.name)
        guard isOwn || process.script != nil else { return who }
        // An overwrite says at its end which name it is about.
        let name: String? =
            switch request.kind {
            case .associate: request.suggestedID
            case .overwrite: nil
            case .unlock, .release, .save: request.verified ? request.clientName ?? request.client : nil
            }
        // “Let keybell ask Keybell …” would say nothing.
        let called = isOwn && request.kind == .associate ? "the command \(who)" : who
        guard let name, name != process.name else { return called }
        return "\(called) (\(room.quotes(name)))"
    }

    /// The one process that asks, where it is just that and surely what it seems to be.
    static func soleAsker(of request: ApprovalRequest) -> ProcessRecord? {
        guard request.caller.askers.count == 1, let process = request.caller.askers.first?.process,
            request.caller.sandboxes.isEmpty, process.isFoundAtPath
        else { return nil }
        return process
    }

    /// Keybell's own clients, by which scripts ask.
    private static let ownCommands: Set = ["keybell", "git-credential-keybell"]

    /// What the title calls the asker: where several share the connection, all of them, the more suspicious ones first.
    package static func asker(_ caller: Caller) -> String {
        asker(caller, in: .whole)
    }

    /// What an asker is called: by a name, or by words of Keybell's that can begin a sentence.
    private struct AskerName: Equatable {
        let text: String
        var isDescription = false

        static let unknown = AskerName(text: "an unknown program", isDescription: true)
    }

    private static func asker(
        _ caller: Caller,
        in room: TitleRoom,
        beginsSentence: Bool = true
    ) -> String {
        var names: [AskerName] = []
        let strange = caller.askers.filter {
            $0.sandbox != nil || !$0.process.isFoundAtPath || $0.process.userWritable
        }
        let ordered = strange + caller.askers.filter { !strange.contains($0) }
        for name in ordered.map({ name($0, in: room) }) where !names.contains(name) { names.append(name) }
        // One in a sandbox counts for them all, even if only a descendant of the asker is in one.
        for sandbox in caller.sandboxes.map({ AskerName(text: room.names($0.name)) })
        where !names.contains(sandbox) {
            names.insert(sandbox, at: 0)
        }
        if names.count > room.askers {
            let others = AskerName(text: "\(names.count - room.askers + 1) others")
            names.replaceSubrange((room.askers - 1)..., with: [others])
        }
        let first = names.first ?? .unknown
        let last = names.popLast() ?? .unknown
        let listed = names.map(\.text).joined(separator: ", ")
        let text = names.isEmpty ? last.text : "\(listed) or \(last.text)"
        return first.isDescription && beginsSentence ? "A" + text.dropFirst() : text
    }

    /// One asker; an executable that the user could write has its full path.
    private static func name(_ holder: Holder, in room: TitleRoom) -> AskerName {
        if let sandbox = holder.sandbox { return AskerName(text: room.names(sandbox.name)) }
        let process = holder.process
        guard !process.executable.isEmpty else { return .unknown }
        // What tells a forged `firefox` from the real one is its folder.
        let path = room.paths(process.executable)
        guard process.isFoundAtPath else { return AskerName(text: room.claimed + path, isDescription: true) }
        return AskerName(text: process.userWritable ? path : room.names(process.name))
    }

    /// By what means an answer came, as the record of answers has it.
    static func answerer(_ surface: Surface) -> String {
        switch surface {
        case .notifier: "a notification"
        case .dismissal: "a dismissed notification"
        case .terminal: "keybell on a terminal"
        case .bus(let answerer):
            answerer.chain.first.map { PlainText.name($0.executable) } ?? "an unknown program"
        }
    }

    /// `git (4242)`, then its parents; where several share the connection, each with its own.
    package static func processes(_ caller: Caller) -> [String] {
        Array(caller.askers.flatMap { processes($0) }.prefix(allProcesses))
    }

    static func processes(_ holder: Holder) -> [String] {
        let parents = holder.processes.dropFirst().prefix { !$0.isServiceManager }
        return ([holder.process] + parents).prefix(chainLimit).map { process in
            let name = process.name.isEmpty ? "unknown" : PlainText.name(process.name)
            return "\(name) (\(process.identity.pid))"
        }
    }

    /// How many processes of one chain are named, and how many altogether.
    private static let chainLimit = 16
    private static let allProcesses = 64

    /// The vaults that it is about, with commas; nil where the keyring itself is meant.
    static func vaults(_ request: ApprovalRequest) -> String? {
        request.vaults.isEmpty ? nil : PlainText.field(request.vaults.joined(separator: ", "))
    }

    // MARK: Words

    /// What a client or an entry says, short enough to stand beside other things.
    static func quoted(_ text: String) -> String {
        PlainText.quoted(text, limit: titleLimit)
    }

    private static func logins(_ count: Int) -> String {
        count == 1 ? "your login" : count == 0 ? "your logins" : "your \(count) logins"
    }

    /// What is to be opened: the vaults by name, or the keyring.
    private static func unlocked(_ request: ApprovalRequest, in room: TitleRoom) -> String {
        guard !request.vaults.isEmpty else { return "the keyring" }
        let word = request.vaults.count == 1 ? "vault" : "vaults"
        return "the \(word) \(room.quotes(request.vaults.joined(separator: ", ")))"
    }

    private static func place(_ request: ApprovalRequest, in room: TitleRoom) -> String {
        if let host = request.host { return " at " + room.hosts(host, as: request.hostForm) }
        return request.claimedTitle.map { " for " + room.quotes($0) } ?? ""
    }

    private static func changed(_ request: ApprovalRequest, in room: TitleRoom) -> String {
        guard let entry = request.entries.first else { return "a login" }
        guard room.isWhole || request.host == nil else { return "your login" }
        return "your login \(room.quotes(entry.title))"
    }

    /// Several logins that were named: which, as far as a title has room for that.
    private static func someLogins(_ request: ApprovalRequest, in room: TitleRoom) -> String {
        let few = 3
        let titles = request.entries.prefix(few).map(\.title)
        let names = listed(titles.map { room.quotes($0) })
        guard request.entryCount <= few, !titles.contains(""), Set(titles).count == titles.count,
            names.width(in: .proportional) <= room.list
        else { return "asks for \(request.entryCount) of your logins" }
        return "asks for your logins \(names)"
    }

    /// What is read where it isn't one host's logins.
    private static func bulk(_ request: ApprovalRequest, in room: TitleRoom) -> String {
        if let search = request.search {
            let how = request.isPattern ? "by the regular expression" : "for"
            return "searches your logins \(how) \(room.searches(search))"
        }
        if request.requestType == "get-all-logins" { return "asks for all your logins" }
        guard let entry = request.entries.first, request.entryCount == 1 else {
            return someLogins(request, in: room)
        }
        return "asks for your login" + (entry.title.isEmpty ? "" : " \(room.quotes(entry.title))")
    }
}
