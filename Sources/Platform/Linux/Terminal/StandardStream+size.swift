// SPDX-License-Identifier: Apache-2.0

import Glibc

extension StandardStream {
    /// How many columns and lines the terminal has; nil if it isn't a terminal, or one that doesn't know.
    package var size: (columns: Int, rows: Int)? {
        var size = winsize()
        guard unsafe ioctl(rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return nil
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }
}
