// SPDX-License-Identifier: Apache-2.0

// Skipping what nobody asks for: it has to be well-formed all the same, and none of it is kept.
extension JSONScanner {
    /// Skips a value, which has to be well-formed all the same.
    mutating func passOver(depth: Int) throws(Fault) {
        guard depth <= deepest else { throw fault("nested too deeply") }
        switch next {
        case UInt8(ascii: "{"):
            position += 1
            skipSpace()
            if take(UInt8(ascii: "}")) { return }
            while true {
                skipSpace()
                guard next == UInt8(ascii: "\"") else { throw fault("a key expected") }
                try passOverString()
                skipSpace()
                guard take(UInt8(ascii: ":")) else { throw fault("a colon expected") }
                skipSpace()
                try passOver(depth: depth + 1)
                skipSpace()
                if take(UInt8(ascii: "}")) { return }
                guard take(UInt8(ascii: ",")) else { throw fault("a comma or the object's end expected") }
            }
        case UInt8(ascii: "["):
            position += 1
            skipSpace()
            if take(UInt8(ascii: "]")) { return }
            while true {
                skipSpace()
                try passOver(depth: depth + 1)
                skipSpace()
                if take(UInt8(ascii: "]")) { return }
                guard take(UInt8(ascii: ",")) else { throw fault("a comma or the array's end expected") }
            }
        case UInt8(ascii: "\""): try passOverString()
        case UInt8(ascii: "t"): _ = try word("true", .bool(true))
        case UInt8(ascii: "f"): _ = try word("false", .bool(false))
        case UInt8(ascii: "n"): _ = try word("null", .null)
        default: try passOverNumber()
        }
    }

    mutating func passOverString() throws(Fault) {
        position += 1
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return
            case UInt8(ascii: "\\"): _ = try escaped()
            case 0..<0x20 where !isLenient:
                position -= 1
                throw fault("a control character in a text")
            default: break
            }
        }
        throw fault("a text without its end")
    }
}
