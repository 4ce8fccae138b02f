// SPDX-License-Identifier: Apache-2.0

import DisplayText

extension Wording {
    static func releaseLines(_ request: ApprovalRequest, _ limits: ApprovalLimits) -> [BodyLine] {
        let handedOut = BodyLine(
            handedOutLine(request),
            brief: briefHandedOut(request),
            isEssential: true
        )
        return plain([loginsLine(request, limits), coveredLine(request)]) + [handedOut]
            + plain([
                placesLine(request), formLine(request), scriptLine(request), anyScriptLine(request),
                vaultLine(request), nameLine(request), extensionLine(request),
            ])
    }

    // MARK: Logins

    /// A line of logins is no wider than this, as far as the first one allows.
    private static let lineWidth = 80

    /// The first logins, as many as one line has room for, and how many more there are.
    static func loginsLine(_ request: ApprovalRequest, _ limits: ApprovalLimits) -> String? {
        let (entries, count) = (request.entries, request.entryCount)
        guard let first = entries.first else { return nil }
        if count == 1 { return "\(request.isNew ? "New login" : "Login") \(login(first))" }
        var line = "\(count) logins: \(login(first))"
        var named = 1
        for entry in entries.dropFirst().prefix(limits.entriesInBody - 1) {
            let longer = line + ", " + login(entry)
            let rest = count - named - 1
            guard (longer + more(rest)).width(in: .proportional) <= lineWidth else { break }
            (line, named) = (longer, named + 1)
        }
        return line + more(count - named)
    }

    /// What the answer doesn't change.
    private static func coveredLine(_ request: ApprovalRequest) -> String? {
        guard request.coveredCount > 0 else { return nil }
        let others = request.coveredCount == 1 ? "1 other goes" : "\(request.coveredCount) others go"
        return "\(others) out anyway, as allowed before."
    }

    static func login(_ entry: EntryLine) -> String {
        let title = entry.title.isEmpty ? "without a title" : quoted(entry.title)
        return title + (entry.username.isEmpty ? "" : " (\(quoted(entry.username)))")
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

    /// The same in a few columns: how many logins, and whether passwords go with them.
    private static func briefHandedOut(_ request: ApprovalRequest) -> String {
        let isOne = request.entryCount == 1
        let what = request.entries.isEmpty ? "Logins" : isOne ? "1 login" : "\(request.entryCount) logins"
        let password = isOne ? "password" : "passwords"
        var parts = request.passwords ? [password] : []
        let seeds = request.fieldNames.count(where: isSeed)
        let others = request.fieldNames.count - seeds
        if seeds > 0 { parts.append("one-time codes' secrets") }
        if others > 0 { parts.append("\(others) field\(others == 1 ? "" : "s")") }
        if request.hasUnknownFields { parts.append("string fields") }
        let with = parts.isEmpty ? "" : " with \(listed(parts))"
        return what + with + (request.passwords ? "." : "\(with.isEmpty ? " with" : ", but") no \(password).")
    }

    /// Whether a string field keeps what one-time codes are made from, in one of the ways of KeePass and its kin.
    private static func isSeed(_ name: String) -> Bool {
        let name = name.lowercased()
        return name == "otp" || name == "totp seed" || name.hasPrefix("timeotp-secret")
            || name.hasPrefix("hmacotp-secret")
    }

    // MARK: Where a search looks

    private static let secretPlaces: Set = ["passwords", "notes", "other-fields", "history"]

    /// Where a search looks, the most private places first.
    private static func placesLine(_ request: ApprovalRequest) -> String? {
        guard request.search != nil, !request.places.isEmpty else { return nil }
        let places =
            request.places.filter(secretPlaces.contains)
            + request.places.filter { !secretPlaces.contains($0) }
        let words = places.map { $0 == "urls" ? "URLs" : PlainText.field($0.replacing("-", with: " ")) }
        return "It looks at \(listed(words))."
    }
}
