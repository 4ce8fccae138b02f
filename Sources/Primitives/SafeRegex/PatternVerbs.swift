// SPDX-License-Identifier: Apache-2.0

/// Finds what PCRE calls verbs: `(*LIMIT_MATCH=…)`, `(*NO_START_OPT)`, `(*COMMIT)` and their like.
///
/// Those at the beginning set the expression's own limits and options, the others steer how it is tried; nobody who
/// looks for a login needs one. What is escaped, quoted by `\Q…\E` or inside a class is text.
enum PatternVerbs {
    static func stand(in pattern: String) -> Bool {
        let bytes = Array(pattern.utf8)
        if bytes.starts(with: "(*".utf8) { return true }
        var index = 0
        var isQuoted = false
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count {
                if bytes[index + 1] == UInt8(ascii: "Q") { isQuoted = true }
                if bytes[index + 1] == UInt8(ascii: "E") { isQuoted = false }
                index += 2
                continue
            }
            if !isQuoted, bytes[index] == UInt8(ascii: "["), let end = classEnd(bytes, from: index) {
                index = end
                continue
            }
            if !isQuoted, bytes[index...].starts(with: "(*".utf8) { return true }
            index += 1
        }
        return false
    }

    /// Where a class that begins here ends; nil if it doesn't, and then the expression isn't valid anyway.
    private static func classEnd(_ bytes: [UInt8], from start: Int) -> Int? {
        var index = start + 1
        if index < bytes.count, bytes[index] == UInt8(ascii: "^") { index += 1 }
        // A bracket that comes first is a member.
        if index < bytes.count, bytes[index] == UInt8(ascii: "]") { index += 1 }
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\\"): index += 2
            case UInt8(ascii: "]"): return index + 1
            default: index += 1
            }
        }
        return nil
    }
}
