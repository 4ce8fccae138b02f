// SPDX-License-Identifier: Apache-2.0

import Callers

/// What makes two requests the same question: whoever joins one gets its answer, and all that this was about.
///
/// So it has everything that a person is shown of what is asked, and everything that a decision can be remembered for.
/// The asker counts only as a program: the process, its parents and the user agent may differ. Two associates are told
/// apart by key and proposed Id alone, and a suggested Id never counts, since it may be free today and taken tomorrow.
/// What an unlock is wanted for doesn't count either, nor what goes out without the answer.
struct QuestionKey: Hashable, Sendable {
    let kind: ApprovalKind
    var program: Program
    let vaults: [String]
    let questionDigest: [UInt8]
    private let entries: Set<[UInt8]>
    /// Everything else, part by part with its length, so that comparing takes time in proportion to it, whatever a
    /// client wrote.
    private let shown: [UInt8]

    init(_ request: ApprovalRequest) {
        kind = request.kind
        program = request.caller.program
        questionDigest = request.questionDigest
        guard request.kind != .associate else {
            (vaults, entries, shown) = ([], [], [])
            return
        }
        vaults = request.vaults
        entries = request.entryLines
        shown = Self.shown(request)
    }

    /// Cheap, however many entries it is about.
    func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
        hasher.combine(program)
        hasher.combine(questionDigest)
        hasher.combine(entries.count)
    }

    /// Whether both come from one attempt to associate: same program, key and proposed Id.
    func isSameAttempt(as other: QuestionKey) -> Bool {
        program == other.program && questionDigest == other.questionDigest
    }

    /// Whether an unlock is of nothing that another doesn't show; the keyring isn't one of the vaults.
    func wantsNoMore(than unlock: ApprovalRequest) -> Bool {
        vaults.isEmpty == unlock.vaults.isEmpty && Set(vaults).isSubset(of: unlock.vaults)
    }

    private static func shown(_ request: ApprovalRequest) -> [UInt8] {
        let flags = [
            request.verified, request.isPlainHTTP, request.bulk, request.isByEntry, request.isNew,
            request.alwaysOffered, request.passwords, request.hasUnknownFields, request.isPattern,
            request.hasOtherVaults, request.isFirstOpening, request.usesCode,
        ]
        let texts =
            [
                request.client, request.fingerprint, request.host, request.submitHost, request.claimedHost,
                request.claimedSubmitHost, request.claimedTitle, request.exception?.rawValue, request.search,
                request.clientName, request.extensionName,
                // One unlock is enough for whatever is wanted next.
                request.kind == .unlock ? nil : request.requestType,
            ] + texts(of: request.givenTo) + texts(of: request.replaced)
        let lists = [
            request.newHosts, request.lostHosts, request.fields, request.places, request.fieldNames,
            request.settingsFields,
        ]
        var bytes = flags.map { UInt8($0 ? 1 : 0) }
        for text in texts { append(text, to: &bytes) }
        for list in lists {
            bytes += "\(list.count):".utf8
            for text in list { append(text, to: &bytes) }
        }
        return bytes
    }

    private static func texts(of owner: KeyOwner?) -> [String?] {
        // When it was last used changes with each use.
        [
            owner?.program, owner?.origin, owner?.created.map { String($0) }, owner?.fingerprint,
            owner?.extensionName, owner?.part,
        ]
    }

    private static func append(_ text: String?, to bytes: inout [UInt8]) {
        guard let text else { return bytes.append(UInt8(ascii: "-")) }
        bytes += "\(text.utf8.count):".utf8
        bytes += text.utf8
    }
}
