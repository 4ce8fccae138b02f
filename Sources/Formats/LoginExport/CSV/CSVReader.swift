// SPDX-License-Identifier: Apache-2.0

import SecureMemory

/// Reads CSV as RFC 4180 has it, row by row, however the bytes arrive.
///
/// A byte order mark before the first row is left out, lines end by CR, LF or both, and blank ones are skipped. In memory
/// there is never more than one row, which is wiped before the next is read. A row that can't be read is given, too, with
/// the reason; the next line that isn't in quotation marks is a row again.
package struct CSVReader {
    private enum State {
        case mark(Int)
        case fieldBegins
        case unquoted
        case quoted
        /// A quotation mark within a quoted field: the end of the field, or the first of two that stand for one.
        case quotedOrDone
    }

    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private var row = CSVRow()
    private var state = State.mark(0)
    private var line = 1
    private var isAfterReturn = false
    private var isAfterBreak = false

    /// Nothing is read yet.
    package init() {}

    /// Reads on.
    ///
    /// - Parameters:
    ///   - bytes: The next ones.
    ///   - take: Called for each row that ends in them, and mustn't keep it.
    /// - Throws: What `take` throws.
    package mutating func read<E: Error>(
        _ bytes: some Sequence<UInt8>,
        _ take: (CSVRow) throws(E) -> Void
    ) throws(E) {
        for byte in bytes { try read(byte, take) }
    }

    /// Reads the last row, if no line break has ended it.
    ///
    /// - Parameter take: Called for it.
    /// - Throws: What `take` throws.
    package mutating func finish<E: Error>(_ take: (CSVRow) throws(E) -> Void) throws(E) {
        switch state {
        case .quoted: row.fail(.unclosedQuote(lastLine: isAfterBreak ? line - 1 : line))
        case .mark(0): return
        case .mark(let count): Self.mark.prefix(count).forEach { row.append($0) }
        case .fieldBegins where row.isEmpty && row.fault == nil: return
        default: break
        }
        try end(take)
    }

    private mutating func read<E: Error>(_ byte: UInt8, _ take: (CSVRow) throws(E) -> Void) throws(E) {
        if case .mark(let count) = state {
            if byte == Self.mark[count] {
                state = count + 1 < Self.mark.count ? .mark(count + 1) : .fieldBegins
                return
            }
            state = count > 0 ? .unquoted : .fieldBegins
            Self.mark.prefix(count).forEach { row.append($0) }
        }
        let isSecondOfTwo = isAfterReturn && byte == UInt8(ascii: "\n")
        isAfterReturn = byte == UInt8(ascii: "\r")
        let isBreak = byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
        isAfterBreak = isBreak
        if isBreak, !isSecondOfTwo { line += 1 }
        switch (state, byte) {
        case (.quoted, UInt8(ascii: "\"")): state = .quotedOrDone
        case (.quoted, _): row.append(byte)
        case (.quotedOrDone, UInt8(ascii: "\"")):
            row.append(byte)
            state = .quoted
        case (_, UInt8(ascii: ",")):
            row.endField()
            state = .fieldBegins
        case (_, _) where isBreak:
            if isSecondOfTwo, row.isEmpty, row.fault == nil {
                row.begin(at: line)
            } else {
                try end(take)
            }
        case (.fieldBegins, UInt8(ascii: "\"")): state = .quoted
        case (.quotedOrDone, _):
            row.fail(.strayQuote)
            state = .unquoted
        default:
            row.append(byte)
            state = .unquoted
        }
    }

    private mutating func end<E: Error>(_ take: (CSVRow) throws(E) -> Void) throws(E) {
        var isBlank = false
        if case .fieldBegins = state { isBlank = row.isEmpty && row.fault == nil }
        row.endField()
        state = .fieldBegins
        defer { row.begin(at: line) }
        if !isBlank { try take(row) }
    }
}
