// SPDX-License-Identifier: Apache-2.0

import CGLib

extension String {
    /// The text in NFC, so that two texts that look alike are the same bytes, and stream-safe (see `streamSafe`).
    package var composed: String {
        guard !utf8.allSatisfy({ $0 < 0x80 }) else { return self }
        var text = streamSafe
        return text.withUTF8 { bytes in
            // A null character would end the text for GLib.
            guard unsafe !bytes.contains(0) else { return unsafe String(decoding: bytes, as: UTF8.self) }
            let normal = unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                unsafe g_utf8_normalize(characters.baseAddress, gssize(characters.count), G_NORMALIZE_NFC)
            }
            guard let normal = unsafe normal else { return unsafe String(decoding: bytes, as: UTF8.self) }
            defer { unsafe g_free(normal) }
            return unsafe String(cString: normal)
        }
    }
}
