// SPDX-License-Identifier: Apache-2.0

import CGLib

/// A regular expression that cannot run away.
///
/// The language is that of PCRE, as GLib has it. It is compiled once, never changes, and may be used by several at
/// the same time.
package final class Pattern: Sendable {
    /// How often one match may try another way before it is given up: some milliseconds' worth.
    package static let stepLimit = 200_000

    /// The compiled expression, as an address; it is GLib's, counted by reference and never written.
    private let address: UInt

    /// Compiles an expression.
    /// - Parameters:
    ///   - text: The expression.
    ///   - ignoringCase: Whether letters stand for both cases.
    /// - Throws: `broken` where it is none.
    package init(_ text: String, ignoringCase: Bool) throws(PatternError) {
        // Compiled as it is first, so that the message speaks of what the person wrote; the limit has to be written
        // into the expression, where a lower one of its own still holds.
        unsafe g_regex_unref(try Self.compile(text, ignoringCase: ignoringCase))
        let limited = "(*LIMIT_MATCH=\(Self.stepLimit))(*LIMIT_DEPTH=\(Self.stepLimit))\(text)"
        address = unsafe UInt(bitPattern: try Self.compile(limited, ignoringCase: ignoringCase))
    }

    deinit {
        unsafe g_regex_unref(OpaquePointer(bitPattern: address))
    }

    /// Whether it matches somewhere in a text.
    /// - Parameter text: The text.
    /// - Returns: Whether it does.
    /// - Throws: `ranAway` where finding out would take too long.
    package func matches(_ text: String) throws(PatternError) -> Bool {
        var text = text
        var failure: UnsafeMutablePointer<GError>?
        let isFound = text.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                // An empty text may have no address, and GLib wants one.
                var none: CChar = 0
                return unsafe withUnsafePointer(to: &none) { none in
                    unsafe g_regex_match_full(
                        OpaquePointer(bitPattern: address),
                        characters.baseAddress ?? none,
                        gssize(characters.count),
                        0,
                        GRegexMatchFlags(rawValue: 0),
                        nil,
                        &failure
                    )
                }
            }
        }
        guard let failure = unsafe failure else { return isFound != 0 }
        unsafe g_error_free(failure)
        throw .ranAway
    }

    @unsafe private static func compile(
        _ text: String,
        ignoringCase: Bool
    ) throws(PatternError) -> OpaquePointer {
        // In C the text would end there, and be another expression.
        guard !text.utf8.contains(0) else { throw .broken("it holds a NUL character") }
        var failure: UnsafeMutablePointer<GError>?
        let options = ignoringCase ? G_REGEX_CASELESS : GRegexCompileFlags(rawValue: 0)
        if let regex = unsafe g_regex_new(text, options, GRegexMatchFlags(rawValue: 0), &failure) {
            return unsafe regex
        }
        defer { unsafe g_clear_error(&failure) }
        throw .broken(
            unsafe failure.map { unsafe String(cString: $0.pointee.message) } ?? "it can't be compiled"
        )
    }
}

/// Why a pattern gave no answer.
package enum PatternError: Error, Equatable, Sendable {
    /// It is no regular expression; the text says where and why, and repeats it.
    case broken(String)
    /// Matching it would have taken too long.
    case ranAway
}
