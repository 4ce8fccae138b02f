// SPDX-License-Identifier: Apache-2.0

import SecureMemory

/// Fills in what placeholders in logins' URLs stand for, so that a login matches where its owner means it to.
///
/// Only public parts of logins: titles, user names, URLs, uuids, of the login itself or of another one by reference,
/// and those of its own fields that ``Login/urlFields`` has. Whether something matches is told before anybody is asked,
/// so nothing else may influence it; a placeholder for anything else stays as it is, and then no host can be read.
final class AddressResolver {
    /// How many references may look for a login by anything but its uuid.
    private static let mostSearches = 100
    /// How many placeholders are looked at in all, how many bytes they fill in, and how long one URL may become.
    private static let (mostPlaceholders, mostBytes, longest) = (10_000, 4 << 20, FurtherURL.longest)

    private let logins: [Login]
    private let byID: [LoginID: Int]
    private var found: [FieldReference: Int?] = [:]
    private var (searches, placeholders, bytes) = (0, 0, 0)
    /// The logins that have filled in something of the one that is looked at; nil where none may.
    private var others: Set<LoginID>? = []

    /// A resolver over all logins of a vault; nil if none has anything to resolve.
    init?(_ logins: [Login]) {
        guard logins.contains(where: \.hasPlaceholderInURL) else { return nil }
        self.logins = logins.filter(\.isServed)
        byID = Dictionary(self.logins.enumerated().map { ($1.id, $0) }) { first, _ in first }
    }

    /// A login with its URLs resolved.
    func resolving(_ login: Login) -> Login {
        guard login.hasPlaceholderInURL else { return login }
        others = []
        var urls = urls(of: login)
        if let logins = others?.subtracting([login.id]), !logins.isEmpty {
            others = nil
            let own = self.urls(of: login)
            urls.references = .init(logins: logins, url: own.url, further: own.further)
        }
        var login = login
        login.resolved = urls
        return login
    }

    private func urls(of login: Login) -> ResolvedURLs {
        ResolvedURLs(
            url: resolved(login.url, of: login, []),
            further: login.furtherURLs.map { resolved($0, of: login, []) }
        )
    }

    private struct Step: Equatable {
        let login: LoginID
        let placeholder: Placeholder
    }

    private func resolved(_ text: String, of login: Login, _ path: [Step]) -> String {
        guard text.utf8.count <= Self.longest, !login.isLiteral, Login.hasPlaceholder(text) else {
            return text
        }
        var result = ""
        for piece in TextPiece.pieces(of: SecretBytes(utf8: text)) {
            switch piece {
            case .literal(let part): result += part.exposedText() ?? ""
            case .placeholder(let placeholder, let part):
                result += value(of: placeholder, in: login, path) ?? part.exposedText() ?? ""
            }
            // Longer than any address: then it isn't one.
            guard result.utf8.count <= Self.longest else { return text }
        }
        return result
    }

    private func value(of placeholder: Placeholder, in login: Login, _ path: [Step]) -> String? {
        placeholders += 1
        let step = Step(login: login.id, placeholder: placeholder)
        guard placeholders <= Self.mostPlaceholders, path.count < 8, !path.contains(step) else { return nil }
        let path = path + [step]
        switch placeholder {
        case .part(let part): return taken(text(part, of: login), of: login, path)
        case .field(let name): return taken(login.urlFields[name], of: login, path)
        case .uuid: return login.id.hex
        case .urlPart(let part):
            // Of what is public of it: neither a user and password nor the query.
            return taken(login.url, of: login, path).flatMap { url in
                part.text(ofResolved: PublicURL.text(of: url)).flatMap { $0.isEmpty ? nil : $0 }
            }
        // Another one by the time when a page asks.
        case .oneTimeCode, .counterCode, .date: return nil
        case .reference(let reference):
            guard others != nil, reference.isPublic, let other = find(reference) else { return nil }
            others?.insert(other.id)
            switch reference.wanted {
            case .id: return other.id.hex
            case .part(let part): return taken(text(part, of: other), of: other, path)
            case .anyString: return nil
            }
        }
    }

    /// What is filled in for a placeholder; nil for more than fits into a URL, which isn't even looked at.
    private func taken(_ text: String?, of login: Login, _ path: [Step]) -> String? {
        guard let text, text.utf8.count <= Self.longest, bytes <= Self.mostBytes else { return nil }
        let value = resolved(text, of: login, path)
        bytes += max(text.utf8.count, value.utf8.count)
        return value
    }

    private func text(_ part: PlaceholderEntry.Part, of login: Login) -> String? {
        switch part {
        case .title: login.title
        case .username: login.username
        case .url: login.url
        case .password, .notes: nil
        }
    }

    private func find(_ reference: FieldReference) -> Login? {
        if reference.searched == .id {
            return LoginID(hex: reference.text).flatMap { byID[$0] }.map { logins[$0] }
        }
        if let known = found[reference] { return known.map { logins[$0] } }
        guard searches < Self.mostSearches else { return nil }
        searches += 1
        let place = logins.firstIndex { reference.means($0) == true }
        found[reference] = .some(place)
        return place.map { logins[$0] }
    }
}

extension Login {
    fileprivate var hasPlaceholderInURL: Bool {
        !isLiteral && (Self.hasPlaceholder(url) || furtherURLs.contains(where: Self.hasPlaceholder))
    }

    fileprivate static func hasPlaceholder(_ text: String) -> Bool { text.utf8.contains(UInt8(ascii: "{")) }

    /// The names that the URLs of a login refer to as `{S:name}`.
    package static func fieldNames(in urls: [String]) -> Set<String> {
        var names: Set<String> = []
        for url in urls where hasPlaceholder(url) {
            for piece in TextPiece.pieces(of: SecretBytes(utf8: url)) {
                if case .placeholder(.field(let name), _) = piece { names.insert(name) }
            }
        }
        return names
    }
}
