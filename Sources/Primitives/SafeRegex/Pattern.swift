// SPDX-License-Identifier: Apache-2.0

import CPCRE2

/// A regular expression that cannot run away.
///
/// The language is that of PCRE2, without its verbs (`(*…)`). It is compiled once, never changes, and may be used by
/// several at the same time. The budget is checked at each part of it that is tried, so that neither recursion, nor
/// conditions, nor the length of a text make it take longer; and it is always cut off in the same way.
package final class Pattern: Sendable {
    /// The longest expression in bytes.
    package static let longest = 1024
    /// The most ranges that reach beyond ASCII: compiling looks at each letter of one, a million if it spans all of
    /// Unicode.
    package static let mostWideRanges = 16
    /// How many kibibytes one match may need, for groups that are tried within each other.
    private static let heapLimit: UInt32 = 16384

    /// The compiled expression, as an address; it is never written.
    private let address: UInt

    /// Compiles an expression, which takes a quarter of a second at most, and nearly always no time at all.
    /// - Parameters:
    ///   - text: The expression.
    ///   - ignoringCase: Whether letters stand for both cases.
    /// - Throws: `broken` if it isn't valid.
    package init(_ text: String, ignoringCase: Bool) throws(PatternError) {
        guard text.utf8.count <= Self.longest else { throw .broken("it is too long") }
        // To C a NUL is the end of a text, and no text of an entry has one.
        guard !text.utf8.contains(0) else { throw .broken("it holds a NUL character") }
        guard Self.wideRanges(in: text) <= Self.mostWideRanges else {
            throw .broken("it has too many ranges beyond ASCII")
        }
        guard !PatternVerbs.stand(in: text) else { throw .broken("\(text): (*…) is not allowed") }
        var options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT
        if ignoringCase { options |= PCRE2_CASELESS }
        var code: Int32 = 0
        var offset = 0
        let bytes = Array(text.utf8)
        let compiled = unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe pcre2_compile_8(bytes.baseAddress, bytes.count, options, &code, &offset, nil)
        }
        guard let compiled = unsafe compiled else {
            throw .broken("\(text): \(Self.message(of: code)), at \(offset)")
        }
        address = UInt(bitPattern: compiled)
    }

    deinit {
        unsafe pcre2_code_free_8(OpaquePointer(bitPattern: address))
    }

    /// Whether it matches somewhere in a text.
    /// - Parameters:
    ///   - text: The text.
    ///   - budget: What that may cost; afterwards, what is left of it.
    /// - Returns: Whether it does.
    /// - Throws: `ranAway` if finding out would take more than that.
    package func matches(_ text: String, within budget: inout MatchBudget) throws(PatternError) -> Bool {
        guard !budget.isSpent else { throw .ranAway }
        var text = text
        var left = budget
        let result = text.withUTF8 { bytes in
            unsafe withUnsafeMutablePointer(to: &left) { left in
                unsafe match(bytes, left)
            }
        }
        budget = left
        switch result {
        // Nothing is kept of what its groups match, so that 0, "more than there is room for", is a match, too.
        case 0...: return true
        case PCRE2_ERROR_NOMATCH: return false
        default:
            budget.steps = 0
            throw .ranAway
        }
    }

    @unsafe private func match(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ budget: UnsafeMutablePointer<MatchBudget>
    ) -> Int32 {
        guard let context = unsafe pcre2_match_context_create_8(nil),
            let data = unsafe pcre2_match_data_create_8(1, nil)
        else { return PCRE2_ERROR_NOMEMORY }
        defer {
            unsafe pcre2_match_data_free_8(data)
            unsafe pcre2_match_context_free_8(context)
        }
        unsafe pcre2_set_heap_limit_8(context, Self.heapLimit)
        unsafe pcre2_set_callout_8(
            context,
            { _, budget in
                guard let budget = unsafe budget?.assumingMemoryBound(to: MatchBudget.self) else { return 0 }
                unsafe budget.pointee.steps -= 1
                let steps = unsafe budget.pointee.steps
                // Looking at the clock costs more than most steps; one step may read a whole text, though.
                guard steps <= 0 || steps.isMultiple(of: 64) else { return 0 }
                return unsafe budget.pointee.isSpent ? PCRE2_ERROR_CALLOUT : 0
            },
            budget
        )
        // An empty text may have no address, and PCRE2 wants one.
        var none: UInt8 = 0
        return unsafe withUnsafePointer(to: &none) { none in
            unsafe pcre2_match_8(
                OpaquePointer(bitPattern: address),
                bytes.baseAddress ?? none,
                bytes.count,
                0,
                PCRE2_NO_UTF_CHECK,
                data,
                context
            )
        }
    }

    /// How many hyphens there are that may be the middle of a range whose end isn't ASCII.
    private static func wideRanges(in text: String) -> Int {
        zip(text.utf8, text.utf8.dropFirst()).count { byte, next in
            switch (byte, next) {
            case (UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9")),
                (UInt8(ascii: "-"), UInt8(ascii: "A")...UInt8(ascii: "Z")),
                (UInt8(ascii: "-"), UInt8(ascii: "a")...UInt8(ascii: "z")),
                (UInt8(ascii: "-"), UInt8(ascii: "]")):
                false
            case (UInt8(ascii: "-"), _): true
            default: false
            }
        }
    }

    private static func message(of code: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = unsafe buffer.withUnsafeMutableBufferPointer { buffer in
            unsafe pcre2_get_error_message_8(code, buffer.baseAddress, buffer.count)
        }
        return count > 0 ? String(decoding: buffer.prefix(Int(count)), as: UTF8.self) : "it can't be compiled"
    }
}

/// Why a pattern gave no answer.
package enum PatternError: Error, Equatable, Sendable {
    /// It isn't a regular expression; the text says where and why, and repeats it.
    case broken(String)
    /// Matching it would have taken too long.
    case ranAway
}
