// SPDX-License-Identifier: Apache-2.0

package import Secrecy

/// Puts in what placeholders stand for, in what is about to be handed out.
package struct PlaceholderResolver: Sendable {
    private let find: @Sendable (FieldReference) -> PlaceholderEntry?
    private let now: Int64

    /// Makes a resolver.
    /// - Parameters:
    ///   - now: The time for one-time codes, in seconds since 1970.
    ///   - find: Finds the first entry that a reference means.
    package init(now: Int64, find: @escaping @Sendable (FieldReference) -> PlaceholderEntry?) {
        self.now = now
        self.find = find
    }

    /// A text of an entry with its placeholders resolved, also those in what they stand for.
    ///
    /// One that leads back to itself, finds nothing, or would make the text grow beyond all measure stays as it is.
    package func resolved(_ text: SecretBytes, of entry: PlaceholderEntry) -> SecretBytes {
        var walk = Walk()
        return expand(text, of: entry, &walk)
    }

    /// How far resolving one text has come.
    private struct Walk {
        /// The fields that are being resolved, each within the one before.
        var path: [Step] = []
        /// How many more placeholders are resolved: without that, a few fields that each name the next one twice
        /// would grow without end.
        var remaining = 100
        /// How many more bytes they may put in.
        var room = 65536
    }

    private struct Step: Equatable {
        let entry: LoginID
        let placeholder: Placeholder
    }

    private func expand(_ text: SecretBytes, of entry: PlaceholderEntry, _ walk: inout Walk) -> SecretBytes {
        let pieces = text.withSpan { span in
            var pieces: [SecretBytes] = []
            var literal = 0
            var index = 0
            while let braces = Self.braces(in: span, from: index) {
                index = braces.upperBound
                let inner = (braces.lowerBound + 1)..<(braces.upperBound - 1)
                guard let placeholder = Placeholder(Self.text(of: span, inner)),
                    let value = value(of: placeholder, in: entry, &walk)
                else { continue }
                pieces.append(Self.copy(of: span, literal..<braces.lowerBound))
                pieces.append(value)
                literal = index
            }
            if !pieces.isEmpty { pieces.append(Self.copy(of: span, literal..<span.count)) }
            return pieces
        }
        return pieces.isEmpty ? text : SecretBytes.joining(pieces)
    }

    private func value(
        of placeholder: Placeholder,
        in entry: PlaceholderEntry,
        _ walk: inout Walk
    ) -> SecretBytes? {
        let step = Step(entry: entry.id, placeholder: placeholder)
        guard walk.remaining > 0, !walk.path.contains(step), let source = source(of: placeholder, in: entry)
        else {
            return nil
        }
        walk.remaining -= 1
        walk.path.append(step)
        defer { walk.path.removeLast() }
        let value = expand(source.text, of: source.entry, &walk)
        guard value.count <= walk.room else { return nil }
        walk.room -= value.count
        return value
    }

    /// The text that a placeholder stands for, and the entry whose placeholders it may hold.
    private func source(
        of placeholder: Placeholder,
        in entry: PlaceholderEntry
    ) -> (text: SecretBytes, entry: PlaceholderEntry)? {
        switch placeholder {
        case .part(let part):
            return (entry[part], entry)
        case .field(let name):
            return entry.fields[name].map { ($0, entry) }
        case .oneTimeCode:
            return OneTimeCode(fields: entry.fields)?.code(at: now).map { ($0, entry) }
        case .reference(let reference):
            guard let other = find(reference) else { return nil }
            guard case .part(let part) = reference.wanted else {
                return (SecretBytes(utf8: other.id.hex), other)
            }
            return (other[part], other)
        }
    }

    /// The next pair of braces with nothing but text of a bearable length in between.
    private static func braces(in span: Span<UInt8>, from start: Int) -> Range<Int>? {
        var opening: Int?
        for index in start..<span.count {
            switch span[index] {
            case UInt8(ascii: "{"): opening = index
            case UInt8(ascii: "}"):
                if let first = opening, index - first <= Placeholder.longest { return first..<(index + 1) }
                opening = nil
            default: break
            }
        }
        return nil
    }

    private static func text(of span: Span<UInt8>, _ range: Range<Int>) -> String {
        String(decoding: range.map { span[$0] }, as: UTF8.self)
    }

    private static func copy(of span: Span<UInt8>, _ range: Range<Int>) -> SecretBytes {
        SecretBytes(capacity: range.count) { output in
            for index in range { output.append(span[index]) }
        }
    }
}
