// SPDX-License-Identifier: Apache-2.0

import CGLib

extension String {
    /// The text in NFC, so that two texts that look alike are the same bytes, and stream-safe (see `streamSafe`).
    package var composed: String {
        guard !isASCII else { return self }
        let text = streamSafe
        // Whenever GLib composes two characters it moves everything that follows: it gets a piece at a time.
        guard text.utf8.count > Self.longestPiece else { return text.normalized }
        var composed = ""
        var start = text.startIndex
        var scalars = text.unicodeScalars.indices.makeIterator()
        while let index = scalars.next() {
            guard text.utf8.distance(from: start, to: index) >= Self.longestPiece,
                Self.isBoundary(text.unicodeScalars[index])
            else { continue }
            composed += String(text[start..<index]).normalized
            start = index
        }
        return composed + String(text[start...]).normalized
    }

    /// The text in NFKC: what is drawn like a plainer character becomes that.
    ///
    /// For short texts.
    package var compatible: String {
        isASCII ? self : streamSafe.normalized(to: G_NORMALIZE_NFKC)
    }

    private static let longestPiece = 256

    private var normalized: String { normalized(to: G_NORMALIZE_NFC) }

    private func normalized(to form: GNormalizeMode) -> String {
        var text = self
        return text.withUTF8 { bytes in
            // A null character would end the text for GLib.
            guard unsafe !bytes.contains(0) else { return unsafe String(decoding: bytes, as: UTF8.self) }
            let normal = unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                unsafe g_utf8_normalize(characters.baseAddress, gssize(characters.count), form)
            }
            guard let normal = unsafe normal else { return unsafe String(decoding: bytes, as: UTF8.self) }
            defer { unsafe g_free(normal) }
            return unsafe String(cString: normal)
        }
    }

    /// Whether a scalar is never composed with what stands before it.
    private static func isBoundary(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case ..<0x300: true
        // The vowels and the final consonants of Hangul.
        case 0x1160...0x11FF: false
        default:
            switch scalar.properties.generalCategory {
            case .nonspacingMark, .spacingMark, .enclosingMark: false
            default: scalar.properties.canonicalCombiningClass == .notReordered
            }
        }
    }
}
