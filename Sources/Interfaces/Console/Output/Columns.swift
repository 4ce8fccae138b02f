// SPDX-License-Identifier: Apache-2.0

import DisplayText

/// Rows printed one below the other.
enum Columns {
    /// Pads every cell but the last of its row to the width of its column.
    static func lines(_ rows: [[String]]) -> [String] {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in
            rows.map { column < $0.count ? $0[column].width(in: .monospaced) : 0 }.max() ?? 0
        }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                guard column < row.count - 1 else { break }
                line += String(repeating: " ", count: widths[column] - cell.width(in: .monospaced) + 2)
            }
            return line
        }
    }
}
