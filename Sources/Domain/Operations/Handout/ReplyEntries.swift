// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import Logging
import SecureMemory
import Vault

/// Makes the entries of one reply, their placeholders and references resolved.
///
/// One for a whole reply: what it may cost is counted over all entries, and what references lead to is opened once.
final class ReplyEntries {
    /// How many bytes one reply may have, before they are encrypted: what a client can take in, and far above what
    /// a vault of ten thousand logins has.
    static let most = 32 << 20

    /// What a text takes in addition to its bytes: its padding and its name.
    private static let perText = 32

    private let rules: ClientRules
    private let restriction: ClientRestriction
    private let passwords: Bool
    private let scope: PlaceholderScope
    private let now: Int64
    private let lease: ReplyBudget.Lease
    private let query: MatchQuery?
    private let logger: Logger
    private var referred: [String: ReferredEntries] = [:]
    private var budget = ExpansionBudget()
    private var size = 0
    private var counter = Counter.unused

    /// Whether an entry that is being made has a one-time code by a counter.
    private enum Counter {
        case unused
        case given(SecretBytes)
        case wanted
    }

    /// Makes entries by these rules.
    /// - Parameters:
    ///   - rules: The client's.
    ///   - restriction: What the client is restricted to: no reference leads out of it.
    ///   - passwords: Whether passwords go out.
    ///   - query: The page, where the reply is for one.
    ///   - now: The time, in seconds since 1970.
    ///   - lease: The reply's share of the memory for all replies.
    ///   - logger: Hears of one-time codes that can't be computed.
    init(
        rules: ClientRules,
        restriction: ClientRestriction,
        passwords: Bool,
        query: MatchQuery?,
        now: Int64,
        lease: ReplyBudget.Lease,
        logger: Logger
    ) {
        self.lease = lease
        self.rules = rules
        self.restriction = restriction
        self.passwords = passwords
        self.query = query
        self.now = now
        self.logger = logger
        let fields: PlaceholderScope.Fields =
            rules.returnsFields ? rules.onlyKPHFields ? .named(prefix: Self.prefix) : .all : .none
        scope = PlaceholderScope(passwords: passwords, fields: fields)
    }

    /// The prefix of the string fields that go out with `only_kph`.
    static let prefix = "KPH: "

    /// Whether anything but what is public goes out.
    var needsSecrets: Bool { passwords || rules.returnsFields }

    /// The names under which a login's other parts than title, user name and password go out, by the rules.
    static func names(of login: Login, _ rules: ClientRules) -> [String] {
        var names = login.fieldNames.compactMap { name(of: $0, rules) }
        guard rules.returnsFields, !rules.onlyKPHFields else { return names }
        // As the plugin has it: the URL and the notes are strings like any other.
        if !login.url.isEmpty { names.append(Self.url) }
        if login.hasNotes { names.append(Self.notes) }
        return names
    }

    private static let (url, notes) = ("URL", "Notes")

    /// The name under which a string field goes out; nil if it doesn't.
    static func name(of field: String, _ rules: ClientRules) -> String? {
        guard rules.returnsFields else { return nil }
        guard rules.onlyKPHFields else { return field }
        return field.utf8.starts(with: prefix.utf8)
            ? String(field.unicodeScalars.dropFirst(prefix.count)) : nil
    }

    /// One entry as it is handed out.
    ///
    /// Only what goes out is resolved, and most of that has nothing to resolve and costs nothing.
    /// - Parameters:
    ///   - offer: The login.
    ///   - secrets: What it guards.
    ///   - code: Its one-time code by a counter, where that may be given.
    /// - Returns: The entry, and whether such a code is wanted in it and isn't given.
    /// - Throws: What keeps a vault from being read; `refused` where the reply would be too large.
    func entry(
        _ offer: Offer,
        _ secrets: LoginSecrets,
        code: SecretBytes? = nil
    ) async throws(VaultError) -> (ReplyEntry, wantsCode: Bool) {
        let login = offer.login
        counter = code.map { .given($0) } ?? .unused
        // Made only for what has something to resolve.
        let entry = { PlaceholderEntry(login, secrets) }
        let title = try await resolved(login.title, of: entry, in: offer)
        let username = try await resolved(login.username, of: entry, in: offer)
        var password = SecretBytes(utf8: "")
        if passwords {
            password = try await resolved(secrets.password, of: entry, at: .password, in: offer)
        }
        var fields: [ReplyEntry.StringField] = []
        var strings = secrets.fields
        if rules.returnsFields, !rules.onlyKPHFields {
            if !login.url.isEmpty { strings[Self.url] = strings[Self.url] ?? SecretBytes(utf8: login.url) }
            if !secrets.notes.isEmpty { strings[Self.notes] = strings[Self.notes] ?? secrets.notes }
        }
        for (name, value) in strings {
            guard let key = Self.name(of: name, rules) else { continue }
            let text = try await resolved(value, of: entry, at: .field, in: offer)
            fields.append(ReplyEntry.StringField(key: key, value: text))
        }
        fields.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        let group = rules.groups ? login.group.map { ReplyEntry.Group($0) } : nil
        let length = Self.length(
            [
                title.utf8.count, username.utf8.count, password.count, Self.uuid, group?.name.utf8.count ?? 0,
                Self.uuid,
            ] + fields.flatMap { [$0.key.utf8.count, $0.value.count] }
        )
        size += length
        guard size <= Self.most else {
            throw .refused("That is more than one answer can hold. Ask for less.")
        }
        guard lease.take(length) else {
            throw .refused("Too many long answers wait to be read. Read them, or try again in a minute.")
        }
        let reply = ReplyEntry(
            name: title,
            login: username,
            password: password,
            uuid: login.id.hex,
            group: group,
            stringFields: fields
        )
        if case .wanted = counter { return (reply, true) }
        return (reply, false)
    }

    /// How long a uuid is in hex.
    private static let uuid = 32

    /// How much of a reply texts of these lengths take.
    private static func length(_ texts: [Int]) -> Int { texts.reduce(0) { $0 + $1 + perText } }

    private func resolved(
        _ text: String,
        of entry: () -> PlaceholderEntry,
        in offer: Offer
    ) async throws(VaultError) -> String {
        guard text.utf8.contains(UInt8(ascii: "{")) else { return text }
        let resolved = try await resolved(SecretBytes(utf8: text), of: entry, at: .name, in: offer)
        return resolved.exposedText() ?? text
    }

    private func resolved(
        _ text: SecretBytes,
        of entry: () -> PlaceholderEntry,
        at place: PlaceholderScope.Place,
        in offer: Offer
    ) async throws(VaultError) -> SecretBytes {
        guard text.hasBrace else { return text }
        let store = offer.store
        let others = referred[store.name] ?? ReferredEntries(store, within: restriction, hiddenFrom: query)
        referred[store.name] = others
        let missed: @Sendable (LoginID) -> Void = { [logger] id in
            logger.warning(
                "A one-time code can't be computed, and is left out: the entry has no seed that can be read",
                metadata: ["vault": "\(store.name)", "entry": "\(id)"]
            )
        }
        let entry = entry()
        let resolver = PlaceholderResolver(
            scope: scope,
            now: now,
            missed: missed,
            counterCode: { id in
                if case .given(let code) = self.counter, id == entry.id { return code }
                // What another entry has would be used up without its being named in any question.
                if id == entry.id, CounterCode(fields: entry.fields) != nil {
                    self.counter = .wanted
                } else {
                    missed(id)
                }
                return nil
            },
            find: { reference async throws(VaultError) in try await others.find(reference) }
        )
        var left = budget
        defer { budget = left }
        return try await resolver.resolved(text, of: entry, in: place, within: &left)
    }
}

extension SecretBytes {
    fileprivate var hasBrace: Bool {
        withSpan { span in
            for index in span.indices where span[index] == UInt8(ascii: "{") { return true }
            return false
        }
    }
}

extension ReplyEntry.Group {
    fileprivate init(_ group: LoginGroup) {
        self.init(name: group.name, uuid: group.id?.hex ?? "")
    }
}
