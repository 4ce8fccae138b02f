// SPDX-License-Identifier: Apache-2.0

import LoginExport

extension RowFault {
    /// Why a row isn't a login, for a person.
    var words: String {
        switch self {
        case .unclosedQuote(let last):
            "a quotation mark that is opened in it is never closed, so that all to the end of the file, line \(last), belongs to it; the file may be cut off, or that mark too many"
        case .strayQuote: "something stands behind a quotation mark that closes a field"
        case .nul: "it has a NUL character in it"
        case .tooLong: "it is longer than any login"
        case .tooManyFields: "it has more further URLs and string fields than any login"
        case .tooManyColumns: "it has too many columns"
        case .columns(let count, let expected):
            "it has \(count) column\(count == 1 ? "" : "s"), the first line \(expected)"
        case .notUTF8: "it isn't UTF-8"
        case .kind: "it is neither a login nor a note"
        case .empty: "there is nothing in it"
        case .recycled: "it lies in the recycle bin"
        case .pluginSettings:
            "it has the KeePassHttp plugin's keys, which `keybell import-clients` takes over"
        }
    }
}
