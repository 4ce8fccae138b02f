// SPDX-License-Identifier: Apache-2.0

import PublicSuffixes

// Text cut to the width that it is drawn with rather than to a count of letters.
extension PlainText {
    /// A host in this many columns: labels are left out at its front, but none of its registrable domain.
    package static func host(_ text: String, columns: Int, as form: HostForm = .readable) -> String {
        let whole = host(text, as: form)
        guard whole.width(in: .proportional) > columns else { return whole }
        let name = text.utf8.prefix { $0 != UInt8(ascii: ":") }
        guard let registrable = DomainName(Substring(name))?.registrable else {
            return end(of: whole, columns: columns)
        }
        let kept = registrable.text.utf8.count { $0 == UInt8(ascii: ".") } + 1
        let ellipsis = "…".width(in: .proportional)
        var labels = whole.split(separator: ".", omittingEmptySubsequences: false)[...]
        while labels.count > kept, labels.joined(separator: ".").width(in: .proportional) + ellipsis > columns
        {
            labels.removeFirst()
        }
        let shown = labels.joined(separator: ".")
        return shown == whole ? whole : "…" + shown
    }

    /// A host in this many columns, or in quotes what a client has named in place of one.
    package static func place(_ text: String, columns: Int) -> String {
        isHost(text) ? host(text, columns: columns) : quoted(text, limit: columns)
    }

    /// The end of a name or path in this many columns, from the beginning of a folder's name if there is one.
    package static func name(_ text: String, columns: Int) -> String {
        let whole = name(text)
        guard whole.width(in: .proportional) > columns else { return whole }
        // Two columns for quotes, which a cut name may need just like the whole one.
        let isPlainWord = !whole.unicodeScalars.contains("“")
        var end = end(of: text, columns: isPlainWord ? columns : columns - 2)
        if let slash = end.utf8.firstIndex(of: UInt8(ascii: "/")), end.utf8[slash...].count > 1 {
            end = "…" + String(Substring(end.utf8[slash...]))
        }
        return isPlainWord ? end : quoted(end)
    }

    /// What somebody else claims, in quotes, with this many letters and columns between them.
    package static func quoted(_ text: String, limit: Int, columns: Int) -> String {
        var limit = limit
        var shown = quoted(text, limit: limit)
        while shown.width(in: .proportional) - "“”".width(in: .proportional) > columns, limit > 1 {
            limit -= 1
            shown = quoted(text, limit: limit)
        }
        return shown
    }

    /// The same with both its beginning and its end, where all of it is too long.
    package static func quotedEnds(_ text: String, limit: Int, columns: Int = .max) -> String {
        var limit = limit
        var shown = quotedEnds(text, limit)
        while shown.width(in: .proportional) - "“”".width(in: .proportional) > columns, limit > 3 {
            limit -= 1
            shown = quotedEnds(text, limit)
        }
        return shown
    }

    private static func quotedEnds(_ text: String, _ limit: Int) -> String {
        let start = quoted(text, limit: limit)
        guard start.hasSuffix("…”"), !text.hasSuffix("…") || text.unicodeScalars.count > limit else {
            return start
        }
        // The ellipsis is in either.
        let end = max(limit / 3, 2)
        return String(quoted(text, limit: limit - end + 1).dropLast(2))
            + quoted(self.end(of: text, limit: end), limit: end).dropFirst()
    }

    /// The end of a text, in this many columns with the ellipsis.
    private static func end(of text: String, columns: Int) -> String {
        var limit = columns
        var shown = end(of: text, limit: limit)
        while shown.width(in: .proportional) > columns, limit > 2 {
            limit -= 1
            shown = end(of: text, limit: limit)
        }
        return shown
    }
}
