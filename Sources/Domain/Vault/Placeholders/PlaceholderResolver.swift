// SPDX-License-Identifier: Apache-2.0

package import SecureMemory

/// Fills in what placeholders stand for, in what is about to be handed out.
package struct PlaceholderResolver {
    /// Finds the first entry that a reference means.
    package typealias Finder = (FieldReference) async throws(VaultError) -> PlaceholderEntry?

    private let scope: PlaceholderScope
    private let find: Finder
    private let now: Int64
    private let missed: @Sendable (LoginID) -> Void
    private let counterCode: (LoginID) -> SecretBytes?

    /// Makes a resolver.
    /// - Parameters:
    ///   - scope: What may be filled in.
    ///   - now: The time for one-time codes, in seconds since 1970.
    ///   - missed: Told of each entry whose one-time code was wanted and can't be computed.
    ///   - counterCode: The code by a counter that an entry's `{HMACOTP}` stands for, which is used up thereby; nil where
    ///     there is none to give, which it has to report itself.
    ///   - find: Finds the first entry that a reference means.
    package init(
        scope: PlaceholderScope,
        now: Int64,
        missed: @escaping @Sendable (LoginID) -> Void = { _ in },
        counterCode: @escaping (LoginID) -> SecretBytes? = { _ in nil },
        find: @escaping Finder
    ) {
        self.scope = scope
        self.now = now
        self.missed = missed
        self.counterCode = counterCode
        self.find = find
    }

    /// A text of an entry with its placeholders resolved, including those in what they stand for.
    ///
    /// One that leads back to itself, finds nothing, isn't in the scope, or would make the text or the whole answer
    /// grow beyond all measure stays as it is. A one-time code that can't be computed is left out: what goes into a
    /// page's field must be a code or nothing.
    package func resolved(
        _ text: SecretBytes,
        of entry: PlaceholderEntry,
        in place: PlaceholderScope.Place,
        within budget: inout ExpansionBudget
    ) async throws(VaultError) -> SecretBytes {
        var walk = Walk(budget: budget)
        let result = try await expand(text, of: entry, in: place, &walk)
        budget = walk.budget
        return result
    }

    /// How far resolving one text has come.
    private struct Walk {
        var budget: ExpansionBudget
        /// The fields that are being resolved, each within the one before.
        var path: [Step] = []
        /// How many more placeholders are looked at: without that, a few fields that each name the next one twice
        /// would grow without end.
        var remaining = Placeholder.mostPerText
        /// How many more bytes they may fill in.
        var room = 65536

        mutating func begin() -> Bool {
            guard remaining > 0, budget.placeholders > 0 else { return false }
            remaining -= 1
            budget.placeholders -= 1
            return true
        }

        mutating func take(_ count: Int) -> Bool {
            guard count <= room, count <= budget.bytes else { return false }
            room -= count
            budget.bytes -= count
            return true
        }
    }

    private struct Step: Equatable {
        let entry: LoginID
        let placeholder: Placeholder
    }

    private func expand(
        _ text: SecretBytes,
        of entry: PlaceholderEntry,
        in place: PlaceholderScope.Place,
        _ walk: inout Walk
    ) async throws(VaultError) -> SecretBytes {
        guard !entry.isLiteral else { return text }
        let pieces = TextPiece.pieces(of: text)
        guard pieces.count > 1 || pieces.contains(where: \.isPlaceholder) else { return text }
        var parts: [SecretBytes] = []
        for piece in pieces {
            switch piece {
            case .literal(let part): parts.append(part)
            case .placeholder(let placeholder, let part):
                parts.append(try await value(of: placeholder, in: entry, at: place, &walk) ?? part)
            }
        }
        return SecretBytes.joining(parts)
    }

    private func value(
        of placeholder: Placeholder,
        in entry: PlaceholderEntry,
        at place: PlaceholderScope.Place,
        _ walk: inout Walk
    ) async throws(VaultError) -> SecretBytes? {
        guard walk.begin(), scope.admits(placeholder, in: place) else { return nil }
        let step = Step(entry: entry.id, placeholder: placeholder)
        guard !walk.path.contains(step),
            let source = try await source(of: placeholder, in: entry, at: place)
        else { return nil }
        // Before it is looked at: one that comes to nothing costs just as much.
        guard walk.take(source.text.count) else { return nil }
        walk.path.append(step)
        var value = try await expand(source.text, of: source.entry, in: source.place, &walk)
        walk.path.removeLast()
        if let part = source.part {
            guard let text = part(value.exposedText() ?? "") else { return nil }
            value = SecretBytes(utf8: text)
        }
        return walk.take(max(0, value.count - source.text.count)) ? value : nil
    }

    private struct Source {
        let text: SecretBytes
        /// The entry whose placeholders it may hold.
        let entry: PlaceholderEntry
        /// Where it stands in that entry.
        var place = PlaceholderScope.Place.name
        /// What is taken of it once it is resolved, or nothing where it can't be told; nil for all of it.
        var part: ((String) -> String?)?
    }

    /// The text that a placeholder stands for.
    private func source(
        of placeholder: Placeholder,
        in entry: PlaceholderEntry,
        at place: PlaceholderScope.Place
    ) async throws(VaultError) -> Source? {
        switch placeholder {
        case .part(let part): return source(part, of: entry, at: place)
        case .uuid: return Source(text: SecretBytes(utf8: entry.id.hex), entry: entry)
        case .urlPart(let part): return Source(text: entry[.url], entry: entry, part: part.text(ofResolved:))
        case .date(let part): return Source(text: SecretBytes(utf8: part.text(at: now)), entry: entry)
        case .field(let name):
            return entry.fields[name].map { Source(text: $0, entry: entry, place: .field) }
        case .oneTimeCode:
            let code = OneTimeCode(fields: entry.fields)?.code(at: now)
            if code == nil { missed(entry.id) }
            return Source(text: code ?? SecretBytes(utf8: ""), entry: entry)
        case .counterCode:
            return Source(text: counterCode(entry.id) ?? SecretBytes(utf8: ""), entry: entry)
        case .reference(let reference):
            guard let other = try await find(reference) else { return nil }
            guard case .part(let part) = reference.wanted else {
                return Source(text: SecretBytes(utf8: other.id.hex), entry: other)
            }
            return source(part, of: other, at: place)
        }
    }

    private func source(
        _ part: PlaceholderEntry.Part,
        of entry: PlaceholderEntry,
        at place: PlaceholderScope.Place
    ) -> Source {
        switch part {
        case .password: Source(text: entry[part], entry: entry, place: .password)
        // Without this, a title could carry a password that stands in the URL.
        case .url where !scope.givesWholeURL(in: place):
            Source(text: entry[part], entry: entry, part: PublicURL.text)
        case .title, .username, .url, .notes: Source(text: entry[part], entry: entry)
        }
    }
}
