// SPDX-License-Identifier: Apache-2.0

import Callers

extension ApprovalRequest {
    /// What is kept of it once it has ended, which is what may be shown of it then: not what a search was for, where that
    /// was allowed, nor what only a waiting request needs.
    func ended(_ outcome: Outcome, _ limits: ApprovalLimits) -> ApprovalRequest {
        var ended = self
        ended.keepEntries(limits.entriesInDetails)
        ended.questionDigest = []
        for text in Self.texts { ended[keyPath: text] = ended[keyPath: text].map { Self.clipped($0) } }
        for host in Self.hosts { ended[keyPath: host] = ended[keyPath: host].map { Self.clippedHost($0) } }
        for list in Self.lists {
            ended[keyPath: list] = ended[keyPath: list].prefix(Self.longestList).map { Self.clipped($0) }
        }
        for list in Self.hostLists {
            ended[keyPath: list] = ended[keyPath: list].prefix(Self.longestList).map { Self.clippedHost($0) }
        }
        if outcome == .allowed { ended.withholdSearch() }
        return ended
    }

    /// About how many bytes of memory it takes.
    var size: Int {
        let texts = (Self.texts + Self.hosts).compactMap { self[keyPath: $0] }
        let lists = (Self.lists + Self.hostLists + [\.vaults]).flatMap { self[keyPath: $0] }
        let names = entries.flatMap { [$0.uuid, $0.title, $0.username] }
        let owners = [givenTo, replaced].compactMap(\.self).flatMap {
            [$0.program, $0.origin ?? "", $0.extensionName ?? ""]
        }
        return Self.ownSize + caller.size
            + (texts + lists + names + owners).reduce(0) { $0 + MemoryLayout<String>.size + $1.utf8.count }
    }

    private static let ownSize = 1024
    /// A shown text is cut far sooner.
    private static let longestText = 1024
    private static let longestList = 128

    private static var texts: [WritableKeyPath<ApprovalRequest, String?>] {
        [
            \.client, \.suggestedID, \.fingerprint, \.claimedTitle, \.requestType, \.search, \.clientName,
            \.extensionName,
        ]
    }

    private static var hosts: [WritableKeyPath<ApprovalRequest, String?>] {
        [\.host, \.submitHost, \.claimedHost, \.claimedSubmitHost, \.wantedHost]
    }

    private static var lists: [WritableKeyPath<ApprovalRequest, [String]>] {
        [\.fields, \.places, \.fieldNames, \.settingsFields]
    }

    private static var hostLists: [WritableKeyPath<ApprovalRequest, [String]>] {
        [\.newHosts, \.lostHosts]
    }

    /// A text of its own, so that nothing longer is kept with it.
    static func clipped(_ text: String) -> String {
        text.utf8.count <= longestText
            ? text : String(String.UnicodeScalarView(text.unicodeScalars.prefix(longestText)))
    }

    /// What comes last in a host says whose it is.
    private static func clippedHost(_ host: String) -> String {
        host.utf8.count <= longestText
            ? host : String(String.UnicodeScalarView(host.unicodeScalars.suffix(longestText)))
    }
}
