// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory
import Vault

/// Which login it is, for a person: that of a user at a place.
struct LoginIdentity: Hashable {
    /// As bytes: text from outside is compared in no other way.
    private let parts: [[UInt8]]

    init(place: [UInt8], realm: String?, username: String) {
        parts = [place, Array((realm ?? "").utf8), Array(username.utf8)]
    }

    /// Where a login belongs by one of its URLs, with the port; by its title where it has none.
    static func place(url: String, title: String) -> [UInt8] {
        if url.isEmpty { return Array("title:\(title)".utf8) }
        return Array((PageAddress(loose: url)?.hostAndPort ?? url).utf8)
    }
}

/// What is in a login, so that two can be compared without either's secrets: digests that mean something in one import
/// alone.
struct LoginContent {
    /// Where it belongs.
    private let places: Set<[UInt8]>
    private let password: [UInt8]
    private let fields: [String: [UInt8]]

    /// Digests what is to be imported.
    init(_ draft: LoginDraft, by key: HMACKey) {
        self.init(
            urls: [draft.url ?? ""],
            title: draft.title ?? "",
            password: draft.password ?? SecretBytes(utf8: ""),
            fields: draft.fields.compactMapValues(\.self),
            by: key
        )
    }

    /// Digests what is stored.
    init(_ login: Login, _ secrets: LoginSecrets, by key: HMACKey) {
        var fields = secrets.fields
        if !secrets.notes.isEmpty { fields["Notes"] = secrets.notes }
        self.init(
            urls: [login.url],
            title: login.title,
            password: secrets.password,
            fields: fields,
            by: key
        )
    }

    private init(
        urls: [String],
        title: String,
        password: SecretBytes,
        fields: [String: SecretBytes],
        by key: HMACKey
    ) {
        var places = Set(urls.map { LoginIdentity.place(url: $0, title: title) })
        var digests: [String: [UInt8]] = [:]
        for (name, value) in fields {
            // Under whatever name: programs number them in their own ways.
            if Login.isFurtherURL(name), let url = value.exposedText() {
                places.insert(LoginIdentity.place(url: url, title: title))
            } else {
                digests[name] = Self.digest(value, key)
            }
        }
        (self.places, self.fields) = (places, digests)
        self.password = Self.digest(password, key)
    }

    private static func digest(_ secret: SecretBytes, _ key: HMACKey) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(secret.count)
        defer { bytes.wipe() }
        secret.withSpan { span in for index in span.indices { bytes.append(span[index]) } }
        return key.code(of: bytes)
    }

    /// Whether all that another has is in it, too.
    func holds(_ other: LoginContent) -> Bool {
        password == other.password && other.places.isSubset(of: places)
            && other.fields.allSatisfy { fields[$0.key] == $0.value }
    }
}
