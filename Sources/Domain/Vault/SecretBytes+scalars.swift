// SPDX-License-Identifier: Apache-2.0

import SecureMemory

extension SecretBytes {
    /// Whether any scalar of the text meets a condition; each is read in place, and what isn't UTF-8 is skipped.
    func hasScalar(_ isWanted: (Unicode.Scalar) -> Bool) -> Bool {
        withSpan { span in
            var value: UInt32 = 0
            var missing = 0
            for index in span.indices {
                let byte = span[index]
                switch byte {
                case 0x80..<0xC0: (value, missing) = (value << 6 | UInt32(byte & 0x3F), missing - 1)
                case 0xC0..<0xE0: (value, missing) = (UInt32(byte & 0x1F), 1)
                case 0xE0..<0xF0: (value, missing) = (UInt32(byte & 0x0F), 2)
                case 0xF0...: (value, missing) = (UInt32(byte & 0x07), 3)
                default: (value, missing) = (UInt32(byte), 0)
                }
                guard missing == 0, let scalar = Unicode.Scalar(value) else { continue }
                if isWanted(scalar) { return true }
            }
            return false
        }
    }
}
