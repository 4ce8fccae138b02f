// SPDX-License-Identifier: Apache-2.0

import DisplayText

extension Wording {
    static func releaseLines(_ request: ApprovalRequest, _ limits: ApprovalLimits) -> [BodyLine] {
        let handedOut = BodyLine(
            handedOutLine(request),
            brief: briefHandedOut(request),
            isEssential: true
        )
        return [loginsLine(request, limits)].compactMap(\.self) + plain([unaskedLine(request)]) + [handedOut]
            + [placesLine(request)].compactMap(\.self)
            + plain([
                formLine(request), scriptLine(request), anyScriptLine(request),
                vaultLine(request), nameLine(request),
            ]) + [extensionLine(request)].compactMap(\.self)
    }

    // MARK: Logins

    /// A line of logins is no wider than this, as far as the first one allows.
    private static let lineWidth = 80

    /// The first logins, as many as one line has room for, and how many more there are; in brief just the first one.
    static func loginsLine(_ request: ApprovalRequest, _ limits: ApprovalLimits) -> BodyLine? {
        let (entries, count) = (request.entries, request.entryCount)
        guard let first = entries.first else { return nil }
        let title = first.title.isEmpty ? "without a title" : TitleRoom.brief.quotes(first.title)
        guard count > 1 else {
            let start = request.isNew ? "New login" : "Login"
            let origin = first.origin.map { ", from \($0)" } ?? ""
            return BodyLine("\(start) \(login(first))", brief: "\(start) \(title)\(origin)")
        }
        let start = isCountInTitle(request) ? "Logins" : "\(count) logins"
        var line = "\(start): \(login(first))"
        var named = 1
        for entry in entries.dropFirst().prefix(limits.entriesInBody - 1) {
            let longer = line + ", " + login(entry)
            let rest = count - named - 1
            guard (longer + more(rest)).width(in: .proportional) <= lineWidth else { break }
            (line, named) = (longer, named + 1)
        }
        return BodyLine(line + more(count - named), brief: "\(start): \(title)\(more(count - 1))")
    }

    /// Whether the title says how many there are, or names them all.
    private static func isCountInTitle(_ request: ApprovalRequest) -> Bool {
        request.search == nil && request.requestType != "get-all-logins"
    }

    /// What the answer doesn't change.
    private static func unaskedLine(_ request: ApprovalRequest) -> String? {
        guard request.unaskedCount > 0 else { return nil }
        let others = request.unaskedCount == 1 ? "1 other goes" : "\(request.unaskedCount) others go"
        return "\(others) out anyway, as allowed before."
    }

    static func login(_ entry: EntryLine) -> String {
        let title = entry.title.isEmpty ? "without a title" : quoted(entry.title)
        let facts = [
            entry.username.isEmpty ? nil : quoted(entry.username), entry.origin.map { "from \($0)" },
        ]
        .compactMap(\.self)
        return title + (facts.isEmpty ? "" : " (\(facts.joined(separator: ", ")))")
    }

    private static func more(_ count: Int) -> String {
        count == 0 ? "" : " and \(count) more"
    }

    // MARK: What goes out

    /// What the program gets to see of them.
    private static func handedOutLine(_ request: ApprovalRequest) -> String {
        let isOne = request.entryCount == 1
        var parts = [isOne ? "user name" : "user names"]
        if request.passwords { parts.append(isOne ? "password" : "passwords") }
        let seeds = request.fieldNames.filter(isSeed)
        let others = request.fieldNames.filter { !isSeed($0) }
        // Whoever has the seed can make the codes for ever.
        if !seeds.isEmpty { parts.append("the secret of the one-time codes (\(list(seeds, quoted)))") }
        if !others.isEmpty {
            parts.append("the field\(others.count == 1 ? "" : "s") \(list(others, quoted))")
        }
        if request.hasUnknownFields { parts.append("string fields") }
        let which = request.search != nil && request.entries.isEmpty ? "It gets all that match: " : "It gets "
        return which + listed(parts) + (request.passwords ? "." : ", but no password\(isOne ? "" : "s").")
    }

    /// The same in a few columns: whether passwords go out, and what else but user names; the title says of how many.
    private static func briefHandedOut(_ request: ApprovalRequest) -> String {
        let password = request.entryCount == 1 ? "password" : "passwords"
        var parts = request.passwords ? [password] : []
        let seeds = request.fieldNames.count(where: isSeed)
        let others = request.fieldNames.count - seeds
        if seeds > 0 { parts.append("one-time codes' secrets") }
        if others > 0 { parts.append("\(others) field\(others == 1 ? "" : "s")") }
        if request.hasUnknownFields { parts.append("string fields") }
        let isAllThatMatch = request.search != nil && request.entries.isEmpty
        guard !parts.isEmpty else {
            return "\(isAllThatMatch ? "All that match, without" : "Without") \(password)."
        }
        let with = "\(isAllThatMatch ? "All that match, with" : "With") \(listed(parts))"
        return with + (request.passwords ? "." : ", but no \(password).")
    }

    /// Whether a string field keeps what one-time codes are made from, in one of the ways of KeePass and its kin.
    private static func isSeed(_ name: String) -> Bool {
        let name = name.lowercased()
        return name == "otp" || name == "totp seed" || name.hasPrefix("timeotp-secret")
            || name.hasPrefix("hmacotp-secret")
    }

    // MARK: Where a search looks

    private static let secretPlaces: Set = ["passwords", "notes", "other-fields", "history"]

    /// Where a search looks, the most private places first; in brief just how many others there are.
    private static func placesLine(_ request: ApprovalRequest) -> BodyLine? {
        guard request.search != nil, !request.places.isEmpty else { return nil }
        let secret = request.places.filter(secretPlaces.contains)
        let places = secret + request.places.filter { !secretPlaces.contains($0) }
        let words = places.map { $0 == "urls" ? "URLs" : PlainText.field($0.replacing("-", with: " ")) }
        func naming(_ count: Int) -> String {
            let left = words.count - count
            return "It looks at \(listed(words.prefix(count) + (left > 0 ? ["\(left) more"] : [])))."
        }
        return BodyLine(
            naming(words.count),
            shorter: naming(min(max(secret.count, 1), words.count)),
            brief: naming(1)
        )
    }
}
