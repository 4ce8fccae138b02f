// SPDX-License-Identifier: Apache-2.0

extension Base64 {
    /// The bytes of a text that is given as bytes, or nil if it isn't base64; reads as `decode(_:)` does.
    package static func decode(_ characters: ArraySlice<UInt8>) -> [UInt8]? {
        var isWhole = false
        let bytes = [UInt8](capacity: decodedCount(atMost: characters.count)) { output in
            isWhole = decode(characters.span, into: &output)
        }
        return isWhole ? bytes : nil
    }

    /// The text for some bytes, padded, on one line, as bytes.
    package static func encodedBytes(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](capacity: encodedCount(bytes.count)) { output in encode(bytes.span, into: &output) }
    }

    /// Appends the text for some bytes, padded, on one line.
    package static func append(_ bytes: [UInt8], to text: inout [UInt8]) {
        text.append(addingCapacity: encodedCount(bytes.count)) { output in encode(bytes.span, into: &output) }
    }
}
