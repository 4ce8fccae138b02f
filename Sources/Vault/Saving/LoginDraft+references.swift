// SPDX-License-Identifier: Apache-2.0

import Secrecy

extension LoginDraft {
    /// Whether one of its texts refers to a field of another entry (`{REF:P@I:…}`).
    ///
    /// References are resolved in what is handed out: a client that may write its own entry would read any other
    /// one's password through it, and the person would have seen neither entry named.
    var holdsReference: Bool {
        let texts = [title, username, url].compactMap { $0.map { SecretBytes(utf8: $0) } }
        let secrets = [password].compactMap { $0 } + fields.values.compactMap { $0 }
        return (texts + secrets).contains(where: Self.holdsReference)
    }

    private static func holdsReference(_ text: SecretBytes) -> Bool {
        let mark = Array("{ref:".utf8)
        guard text.count >= mark.count else { return false }
        return text.withSpan { span in
            (0...(span.count - mark.count)).contains { start in
                mark.indices.allSatisfy { Self.lowercased(span[start + $0]) == mark[$0] }
            }
        }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
