// SPDX-License-Identifier: Apache-2.0

import CLibPSL

extension DomainName {
    /// The name as people read it, if nobody can take it for another one.
    ///
    /// A-labels are shown as the letters that they stand for only where all letters of the name are of one script: so
    /// `пример.рф` is, and `аррӏе.com`, Cyrillic but for its end, isn't (after UTS #39, 5.1).
    package var shown: String {
        // Nearly all names have no hyphen.
        guard text.utf8.contains(UInt8(ascii: "-")), hasALabel, let letters = Self.letters(of: text),
            Script.isOne(letters)
        else { return text }
        return letters
    }

    private var hasALabel: Bool {
        text.utf8.split(separator: UInt8(ascii: ".")).contains { $0.starts(with: "xn--".utf8) }
    }

    private static func letters(of text: String) -> String? {
        var output: UnsafeMutablePointer<CChar>?
        guard unsafe idn2_to_unicode_8z8z(text, &output, 0) == IDN2_OK.rawValue, let result = unsafe output
        else {
            return nil
        }
        defer { unsafe idn2_free(result) }
        return unsafe String(cString: result)
    }
}
