// SPDX-License-Identifier: Apache-2.0

import SecureMemory

/// A part of a text: just text, or a placeholder with the text that it is written as.
enum TextPiece {
    case literal(SecretBytes)
    case placeholder(Placeholder, SecretBytes)

    var isPlaceholder: Bool {
        if case .placeholder = self { true } else { false }
    }

    /// Takes a text apart; what comes after the last placeholder that is looked at is text.
    static func pieces(of text: SecretBytes) -> [TextPiece] {
        text.withSpan { span in
            var pieces: [TextPiece] = []
            var (literal, index, count) = (0, 0, 0)
            while count < Placeholder.mostPerText, let braces = braces(in: span, from: index) {
                index = braces.upperBound
                let inner = (braces.lowerBound + 1)..<(braces.upperBound - 1)
                guard let placeholder = Placeholder(self.text(of: span, inner)) else { continue }
                if literal < braces.lowerBound {
                    pieces.append(.literal(copy(of: span, literal..<braces.lowerBound)))
                }
                pieces.append(.placeholder(placeholder, copy(of: span, braces)))
                literal = index
                count += 1
            }
            guard !pieces.isEmpty else { return [.literal(text)] }
            if literal < span.count { pieces.append(.literal(copy(of: span, literal..<span.count))) }
            return pieces
        }
    }

    /// The next pair of braces with nothing but text of a tolerable length in between.
    private static func braces(in span: Span<UInt8>, from start: Int) -> Range<Int>? {
        var opening: Int?
        for index in start..<span.count {
            switch span[index] {
            case UInt8(ascii: "{"): opening = index
            case UInt8(ascii: "}"):
                if let first = opening, index - first <= Placeholder.longest { return first..<(index + 1) }
                opening = nil
            default: break
            }
        }
        return nil
    }

    private static func text(of span: Span<UInt8>, _ range: Range<Int>) -> String {
        String(decoding: range.map { span[$0] }, as: UTF8.self)
    }

    private static func copy(of span: Span<UInt8>, _ range: Range<Int>) -> SecretBytes {
        SecretBytes(capacity: range.count) { output in
            for index in range { output.append(span[index]) }
        }
    }
}
