// SPDX-License-Identifier: Apache-2.0

extension SecretBytes {
    /// The bytes as UTF-8 text: unchanged if they are, otherwise with U+FFFD in place of what isn't.
    package var repairedText: SecretBytes {
        guard !isText else { return self }
        return unsafe withUnsafeBytes { bytes in
            // A byte that isn't text becomes three.
            SecretBytes(capacity: 3 * bytes.count) { output in
                var (parser, rest) = (Unicode.UTF8.ForwardParser(), unsafe bytes.makeIterator())
                while true {
                    switch unsafe parser.parseScalar(from: &rest) {
                    case .valid(let scalar): for byte in scalar { output.append(byte) }
                    case .error: for byte in "\u{FFFD}".utf8 { output.append(byte) }
                    case .emptyInput: return
                    }
                }
            }
        }
    }

    /// Whether the bytes are UTF-8.
    private var isText: Bool {
        unsafe withUnsafeBytes { bytes in
            var (parser, rest) = (Unicode.UTF8.ForwardParser(), unsafe bytes.makeIterator())
            while true {
                switch unsafe parser.parseScalar(from: &rest) {
                case .valid: continue
                case .error: return false
                case .emptyInput: return true
                }
            }
        }
    }
}
