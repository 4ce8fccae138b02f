// SPDX-License-Identifier: Apache-2.0

extension String.UTF8View {
    /// Where the first `://` stands, as behind a URL's scheme.
    package var schemeMark: Range<Index>? {
        var rest = self[...]
        while let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
            rest = rest[index(after: colon)...]
            if rest.starts(with: "//".utf8) { return colon..<index(colon, offsetBy: 3) }
        }
        return nil
    }
}
