// SPDX-License-Identifier: Apache-2.0

import DisplayText

/// What a text's height is measured against, where lines are left out by how high they are, and by a guess.
///
/// Pango takes the next line to be as high as the last one. Where there isn't room for two such lines, the next is the
/// last of its paragraph, and is cut; where there isn't room for one, all further paragraphs are left out. So a letter
/// of a tall script, which whoever asks may choose, costs more room than it takes.
enum HeightLimit: Sendable, Equatable {
    /// The height of the text itself, which then has to have enough lines below a tall one.
    case own
    /// The same whatever the text.
    case fixed

    /// Whether all of some paragraphs is drawn, each given as its lines, in the height of this many usual lines.
    static func draws(_ paragraphs: [[String]], in room: Int) -> Bool {
        var left = room
        var guess = 1
        for (number, paragraph) in paragraphs.enumerated() {
            for (index, line) in paragraph.enumerated() {
                if guess * 2 > left, index < paragraph.count - 1 { return false }
                guess = line.heightInLines
                left -= guess
            }
            if number < paragraphs.count - 1, left < guess { return false }
        }
        return left >= 0
    }

    /// How many empty lines below a text, whose lines are paragraphs of their own, are enough for all of it to be drawn.
    func padding(below lines: [String]) -> Int {
        guard self == .own else { return 0 }
        let lacking = lines.dropLast().enumerated().map { index, line in
            line.heightInLines - (lines.count - 1 - index)
        }
        return max(lacking.max() ?? 0, 0)
    }
}
