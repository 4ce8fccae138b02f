// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Vault

/// What belongs to a login but has no place in its item: settings, string fields, former passwords.
///
/// It is kept as JSON in the secret of an item of its own, which exists only where there is something to keep:
///
///     {"allow":["a.example"],"deny":[],"fields":{"KPH: pin":"1234"},
///      "former":[{"password":"old","until":1700000000}],"realm":"Intranet"}
struct LoginExtra: Equatable {
    /// A former password, and when it ceased to be the password, in seconds since 1970.
    struct Former: Equatable {
        let password: SecretBytes
        let until: Int64
    }

    /// How many former passwords are kept.
    static let keptPasswords = 10

    var settings = EntrySettings()
    var fields: [String: SecretBytes] = [:]
    /// The newest first.
    private(set) var former: [Former] = []
    /// Members that Keybell doesn't know; they stay as they are.
    private var others: [String: SecretJSON] = [:]

    /// Nothing but these.
    init(settings: EntrySettings = EntrySettings(), fields: [String: SecretBytes] = [:]) {
        self.settings = settings
        self.fields = fields
    }

    /// Whether there is nothing to keep.
    var isEmpty: Bool { settings.isEmpty && fields.isEmpty && former.isEmpty && others.isEmpty }

    /// Keeps a password that is about to be replaced, once, however often that is tried.
    mutating func retire(_ password: SecretBytes, at time: Int64) {
        guard !password.isEmpty, former.first?.password != password else { return }
        former = Array(([Former(password: password, until: time)] + former).prefix(Self.keptPasswords))
    }
}

extension LoginExtra {
    /// Reads what is kept; nil if it isn't ours, and so mustn't be written over.
    init?(json document: SecretBytes) {
        guard let json = SecretJSON(document), case .object = json, Self.saysWhom(json) else { return nil }
        let texts = { (name: String) in (json[name]?.array ?? []).compactMap { $0.text?.exposedText() } }
        self.init(
            settings: EntrySettings(
                allow: texts("allow"),
                deny: texts("deny"),
                realm: json["realm"]?.text?.exposedText()
            ),
            fields: (json["fields"]?.object ?? [:]).compactMapValues(\.text)
        )
        former = (json["former"]?.array ?? []).compactMap { entry in
            entry["password"]?.text.map { Former(password: $0, until: entry["until"]?.number ?? 0) }
        }
        others = json.object.filter { !Self.members.contains($0.key) }
    }

    /// Whether what it says of hosts and the realm can be read, so that no Deny is lost.
    private static func saysWhom(_ json: SecretJSON) -> Bool {
        let areTexts = ["allow", "deny"].allSatisfy { name in
            guard let value = json[name], value != .null else { return true }
            guard case .array(let hosts) = value else { return false }
            return hosts.allSatisfy { $0.text?.exposedText() != nil }
        }
        guard let realm = json["realm"], realm != .null else { return areTexts }
        return areTexts && realm.text?.exposedText() != nil
    }

    private static let members: Set = ["allow", "deny", "fields", "former", "realm"]

    /// The document to keep.
    var json: SecretBytes {
        var members = others
        let list = { (hosts: Set<String>) in
            SecretJSON.array(hosts.sorted().map { .text(SecretBytes(utf8: $0)) })
        }
        if !settings.allow.isEmpty { members["allow"] = list(settings.allow) }
        if !settings.deny.isEmpty { members["deny"] = list(settings.deny) }
        if let realm = settings.realm { members["realm"] = .text(SecretBytes(utf8: realm)) }
        if !fields.isEmpty { members["fields"] = .object(fields.mapValues { .text($0) }) }
        if !former.isEmpty {
            members["former"] = .array(
                former.map { .object(["password": .text($0.password), "until": .number($0.until)]) }
            )
        }
        return SecretJSON.object(members).written()
    }
}
