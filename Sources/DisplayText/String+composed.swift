// SPDX-License-Identifier: Apache-2.0

import CGLib

extension String {
    /// The text in NFC, so that two texts that look alike are the same bytes.
    ///
    /// A run of more than 30 marks, which no language has (UAX #15, Stream-Safe Text Format), stays as it is, for the
    /// cost of bringing marks in order grows with the square of their number.
    package var composed: String {
        guard !utf8.allSatisfy({ $0 < 0x80 && $0 != 0 }), isStreamSafe else { return self }
        var copy = self
        return copy.withUTF8 { bytes in
            // A null character would end the text for GLib; the length is given, so no terminator is needed.
            guard unsafe !bytes.contains(0) else { return self }
            let normal = unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                unsafe g_utf8_normalize(characters.baseAddress, gssize(characters.count), G_NORMALIZE_NFC)
            }
            guard let normal = unsafe normal else { return self }
            defer { unsafe g_free(normal) }
            return unsafe String(cString: normal)
        }
    }

    private var isStreamSafe: Bool {
        var marks = 0
        for scalar in unicodeScalars {
            // A few letters are taken apart into marks as well; three times as many are still few.
            marks = scalar.properties.canonicalCombiningClass == .notReordered ? 0 : marks + 1
            guard marks <= 30 else { return false }
        }
        return true
    }
}
