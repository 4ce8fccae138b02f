// SPDX-License-Identifier: Apache-2.0

package import Callers
import DisplayText

/// What the person is asked to do.
package enum ApprovalKind: String, Sendable, Hashable, CaseIterable {
    /// A new client wants to be known.
    case associate
    /// A client wants a name that another key holds.
    case overwrite
    /// A vault, or the keyring, is to be unlocked.
    case unlock
    /// Logins are to be handed out.
    case release
    /// A login is to be made or changed.
    case save
}

/// An entry as the person sees it; never a secret.
package struct EntryLine: Sendable, Hashable {
    /// The entry's uuid, upper-case hex.
    package let uuid: String
    /// Its title.
    package let title: String
    /// Its user name.
    package let username: String
    /// What the other program is called that keeps it, in Keybell's own words; nil for a vault's own entry.
    package let origin: String?

    /// Names an entry.
    package init(uuid: String, title: String, username: String, origin: String? = nil) {
        self.uuid = uuid
        self.title = title
        self.username = username
        self.origin = origin
    }

    /// The entry with its texts changed.
    func mapTexts(_ change: (String) -> String) -> EntryLine {
        EntryLine(uuid: change(uuid), title: change(title), username: change(username), origin: origin)
    }
}

/// A question to the person, as the operation that needs the answer puts it.
///
/// The texts may come straight from a client: they are cleaned before they are shown.
package struct ApprovalRequest: Sendable, Hashable {
    /// What the configuration lets a client do beyond what it lets others.
    package enum Exception: String, Sendable {
        /// It has logins, one by one or all, without a question.
        case unasked
        /// Anything else.
        case looser
    }

    /// What is asked.
    package var kind: ApprovalKind
    /// Who asks.
    package var caller: Caller
    /// The client's Id; for an overwrite the Id that is to change hands; nil for associate.
    package var client: String?
    /// Whether the client's key was verified; false while the keyring is locked, so that the Id is only claimed.
    package var verified: Bool
    /// Associate: the name that is given unless the person chooses another.
    package var suggestedID: String?
    /// The fingerprint of the key that asks, where it is known; for associate and overwrite of the one to be let in.
    package var fingerprint: String?
    /// The vaults' names: one but for a release that takes from several; none where the keyring itself is meant.
    package var vaults: [String]
    /// The host the logins are for, in A-label form; for a save with Uuid the stored entry's.
    package var host: String?
    /// The host the form is sent to, if it is another.
    package var submitHost: String?
    /// A save with Uuid: the host that the client names, if it differs from the stored entry's.
    package var claimedHost: String?
    /// A save with Uuid: the submit host that the client names, if it differs.
    package var claimedSubmitHost: String?
    /// Whether the page, or where its form goes, comes by plain http.
    package var isPlainHTTP: Bool
    /// A release for a title rather than a page: what the client asks for.
    package var claimedTitle: String?
    /// Save: hosts at which the entry would match or be allowed from now on.
    package var newHosts: [String]
    /// Save: hosts at which the entry matches now and would no longer.
    package var lostHosts: [String] = []
    /// All entries that it is about; of an ended request the first ones.
    package var entries: [EntryLine] {
        didSet { entryLines = Set(entries.map(\.bytes)) }
    }
    /// The same for comparison: made by whoever puts the question, since there can be very many.
    private(set) var entryLines: Set<[UInt8]>
    /// How many more entries it was about, where it has ended.
    private var furtherEntries = 0
    /// Release: the whole vault, a search and the like rather than one host.
    package var bulk: Bool
    /// A bulk release that names single entries, so that a grant can cover just those.
    package var isByEntry: Bool
    /// Save: whether it makes a new entry.
    package var isNew: Bool
    /// Save: the names, never the values, of what it changes.
    package var fields: [String]
    /// Whether "always" may be offered: grants exist and can cover this.
    package var alwaysOffered: Bool
    /// Unlock, release, save: the type of the client's request, as it stands on the wire.
    package var requestType: String?
    /// Release: what a search is for, as the client wrote it.
    package var search: String?
    /// Release: where a search looks (`titles`, `passwords`, …).
    package var places: [String] = []
    /// Release: whether passwords go out.
    package var passwords = true
    /// Release: the names of the string fields that go along, as far as they are known before the look.
    package var fieldNames: [String] = []
    /// What the configuration lets a client do that is to have the suggested Id, beyond what it lets others.
    package var exception: Exception?
    /// The string fields among what a save changes that look like some program's settings.
    package var settingsFields: [String] = []
    /// Release: whether string fields go along that aren't known before the look.
    package var hasUnknownFields = false
    /// Release: whether a search is for a regular expression.
    package var isPattern = false
    /// Save: whether it uses up a one-time code, which then goes out.
    package var usesCode = false
    /// What the person has named the client, if anything.
    package var clientName: String?
    /// What the person calls the extension whose Origin asks, where the client was let in from just that one.
    package var extensionName: String?
    /// Where the key was given to another program or extension than the one that asks: to which.
    package var givenTo: KeyOwner?
    /// Overwrite: who loses the Id.
    package var replaced: KeyOwner?
    /// Whether there are other vaults than those that it is about, so that the text names these.
    package var hasOtherVaults = false
    /// Unlock: the host that the client wants logins for.
    package var wantedHost: String?
    /// Unlock: whether the vault has never been opened here.
    package var isFirstOpening = false
    /// Release: how many more logins go out without a question because something covers them.
    package var unaskedCount = 0
    /// Associate: whether another client is known to have the suggested Id.
    package var isNameTaken = false
    /// Associate: a client of the same key or program that is restricted, if one is known.
    package var restricted: RestrictedRelative?
    /// Associate: the name that it was just not given, being another client's.
    package var deniedName: String?
    /// Associate: whether the keyring is locked, so that an allow raises its prompt.
    package var unlocksKeyring = false
    /// How the text writes hosts.
    var hostForm = HostForm.readable
    /// A digest of what makes two questions the same beyond the fields above: the key, a search text, a save's
    /// decrypted fields; for associate, and for the overwrite that follows it, the key and the proposed Id.
    package var questionDigest: [UInt8]

    /// Puts a question; what a kind has no use for is left out.
    package init(
        kind: ApprovalKind,
        caller: Caller,
        questionDigest: [UInt8],
        client: String? = nil,
        verified: Bool = true,
        suggestedID: String? = nil,
        fingerprint: String? = nil,
        vaults: [String] = [],
        host: String? = nil,
        submitHost: String? = nil,
        claimedHost: String? = nil,
        claimedSubmitHost: String? = nil,
        isPlainHTTP: Bool = false,
        claimedTitle: String? = nil,
        newHosts: [String] = [],
        entries: [EntryLine] = [],
        bulk: Bool = false,
        isByEntry: Bool = false,
        isNew: Bool = false,
        fields: [String] = [],
        alwaysOffered: Bool = false
    ) {
        self.kind = kind
        self.caller = caller
        self.questionDigest = questionDigest
        self.client = client
        self.verified = verified
        self.suggestedID = suggestedID
        self.fingerprint = fingerprint
        self.vaults = vaults
        self.host = host
        self.submitHost = submitHost
        self.claimedHost = claimedHost
        self.claimedSubmitHost = claimedSubmitHost
        self.isPlainHTTP = isPlainHTTP
        self.claimedTitle = claimedTitle
        self.newHosts = newHosts
        self.entries = entries
        entryLines = Set(entries.map(\.bytes))
        self.bulk = bulk
        self.isByEntry = isByEntry
        self.isNew = isNew
        self.fields = fields
        self.alwaysOffered = alwaysOffered
    }
}

extension ApprovalRequest {
    /// How many entries it is about, or was.
    var entryCount: Int { entries.count + furtherEntries }

    /// Keeps just the first entries, and how many there are; it no longer says which question is the same.
    mutating func keepEntries(_ count: Int) {
        furtherEntries += max(0, entries.count - count)
        entries = entries.prefix(count).map { $0.mapTexts(Self.clipped) }
        entryLines = []
    }

    /// Forgets the entries, and that there are any.
    mutating func dropEntries() {
        (entries, furtherEntries) = ([], 0)
    }

    /// What an unlock is to open: vaults, or the keyring, which is nil.
    var unlocks: [String?] {
        guard kind == .unlock else { return [] }
        return vaults.isEmpty ? [nil] : vaults
    }

    /// Forgets what a search is for.
    mutating func withholdSearch() {
        if search != nil { search = "…" }
    }
}

extension EntryLine {
    /// Everything, part by part with its length, so that comparing takes time in proportion to it.
    fileprivate var bytes: [UInt8] {
        [uuid, title, username].flatMap { Array("\($0.utf8.count):".utf8) + Array($0.utf8) }
    }
}
