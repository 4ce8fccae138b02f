// SPDX-License-Identifier: Apache-2.0

/// Tells keys that a person presses from bytes that come along with others: a paste, an escape sequence, fast typing.
///
/// A value that takes bytes with their times. A key counts as pressed *alone* once nothing has come for ``gap`` before
/// and after it; so the reader wants to be asked again when that time is over (``due``).
struct KeyReader {
    /// What has come.
    enum Key: Equatable, Sendable {
        /// A byte of text, at once: for a name that is being typed.
        case byte(UInt8)
        /// A key that nothing came before or after.
        case alone(UInt8, at: ContinuousClock.Instant)
        /// Several bytes in a row, or a paste, the last of them at this time; none of them was a key pressed alone.
        case burst(at: ContinuousClock.Instant)
        /// What the terminal has marked as pasted, which ended at this time.
        case paste(at: ContinuousClock.Instant)
        /// An escape sequence without text beside it, as an arrow key sends it.
        case sequence(at: ContinuousClock.Instant)
    }

    /// How long nothing may come before and after a key that counts.
    static let gap = Duration.milliseconds(300)

    /// Escape sequences that make terminals mark what is pasted (xterm's bracketed paste mode), and stop doing so.
    static let startMarkingPastes = "\u{1B}[?2004h"
    static let stopMarkingPastes = "\u{1B}[?2004l"

    private enum State: Equatable {
        case text
        /// Esc has come; what follows at once belongs to it.
        case escape
        /// After `ESC [` or `ESC O`: what has come of the sequence.
        case sequence([UInt8])
        /// Between the marks of a paste; how much of its final mark has come.
        case paste(matched: Int)
    }

    /// What ends a paste.
    private static let pasteEnd = Array("\u{1B}[201~".utf8)
    /// The longest escape sequence that is waited for; a real one has some ten bytes.
    private static let longestSequence = 32

    private var state = State.text
    private var last: ContinuousClock.Instant?
    /// The only byte of this moment, as long as it is the only one.
    private var candidate: (byte: UInt8, at: ContinuousClock.Instant)?
    private var isBurst = false
    /// Whether there was text in the burst, or a paste, and not just the sequence of an arrow key.
    private var hasText = false
    private var hasPaste = false

    /// When ``settle(at:)`` wants to be called; nil while nothing is open.
    var due: ContinuousClock.Instant? {
        candidate != nil || isBurst ? last.map { $0 + Self.gap } : nil
    }

    /// Takes a byte in.
    mutating func take(_ byte: UInt8, at now: ContinuousClock.Instant) -> [Key] {
        let isFirst = last.map { now - $0 >= Self.gap } ?? true
        let keys = settle(at: now)
        last = now
        if isFirst, state != .text, !isPasting { state = .text }  // an Esc of long ago is a key of its own
        if isFirst, !isPasting {
            candidate = (byte, now)
        } else {
            candidate = nil
            isBurst = true
        }
        let text = read(byte)
        if !text.isEmpty || isPasting { hasText = true }
        if isPasting { hasPaste = true }
        return keys + text
    }

    /// Tells what has come of the last bytes, once nothing came for a while.
    mutating func settle(at now: ContinuousClock.Instant) -> [Key] {
        guard let last, let due, now >= due else { return [] }
        defer {
            candidate = nil
            isBurst = false
            if !isPasting { (hasText, hasPaste) = (false, false) }
        }
        if let candidate {
            state = .text
            return [.alone(candidate.byte, at: candidate.at)]
        }
        guard !isPasting else { return [] }
        return [hasPaste ? .paste(at: last) : hasText ? .burst(at: last) : .sequence(at: last)]
    }

    private var isPasting: Bool {
        if case .paste = state { true } else { false }
    }

    /// Follows escape sequences; gives back what is text.
    private mutating func read(_ byte: UInt8) -> [Key] {
        // Ctrl-C ends the program whatever state a terminal has left us in.
        guard byte != 3 else {
            state = .text
            return [.byte(byte)]
        }
        switch state {
        case .text:
            guard byte == 27 else { return [.byte(byte)] }
            state = .escape
        case .escape:
            // Alt and a key come as Esc and the key: neither.
            state = byte == UInt8(ascii: "[") || byte == UInt8(ascii: "O") ? .sequence([]) : .text
        case .sequence(let bytes):
            if (0x40...0x7E).contains(byte) || bytes.count >= Self.longestSequence {
                state = bytes + [byte] == Array("200~".utf8) ? .paste(matched: 0) : .text
            } else {
                state = .sequence(bytes + [byte])
            }
        case .paste(let matched):
            let next = byte == Self.pasteEnd[matched] ? matched + 1 : byte == Self.pasteEnd[0] ? 1 : 0
            state = next == Self.pasteEnd.count ? .text : .paste(matched: next)
        }
        return []
    }
}
