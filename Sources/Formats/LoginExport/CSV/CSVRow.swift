// SPDX-License-Identifier: Apache-2.0

package import SecureMemory
import UnicodeText

/// A row of a CSV file, or why it can't be read.
package struct CSVRow {
    /// The line of the file in which it begins, from 1.
    package internal(set) var line = 1
    /// Why it can't be read; nil if it can.
    package internal(set) var fault: RowFault?
    /// The fields, one behind the other; they may hold passwords.
    private var bytes: [UInt8] = []
    /// Where each field ends.
    private var ends: [Int] = []

    /// More bytes in a row are no login.
    static let longest = 1 << 20
    /// More columns are no password manager's.
    static let mostColumns = 256

    /// How many fields it has.
    package var count: Int { ends.count }

    /// Whether nothing has come yet.
    var isEmpty: Bool { ends.isEmpty && bytes.isEmpty }

    /// The bytes of a field; none for one that isn't there.
    func field(_ number: Int) -> ArraySlice<UInt8> {
        guard ends.indices.contains(number) else { return [] }
        return bytes[(number == 0 ? 0 : ends[number - 1])..<ends[number]]
    }

    /// A field that is no secret, as text.
    ///
    /// - Throws: `notUTF8`.
    func text(_ number: Int) throws(RowFault) -> String {
        guard let text = secret(number).exposedText() else { throw .notUTF8 }
        return text
    }

    /// A field that may be a secret.
    package func secret(_ number: Int) -> SecretBytes { SecretBytes(copying: field(number)) }

    mutating func append(_ byte: UInt8) {
        guard fault == nil else { return }
        guard byte != 0 else { return fail(.nul) }
        guard bytes.count < Self.longest else { return fail(.tooLong) }
        bytes.makeRoom(for: 1)
        bytes.append(byte)
    }

    mutating func endField() {
        guard fault == nil else { return }
        guard ends.count < Self.mostColumns else { return fail(.tooManyColumns) }
        ends.append(bytes.count)
    }

    /// Notes why it can't be read; what is there of it is wiped.
    ///
    /// Of several reasons the first counts, but for a quotation mark that is never closed: that is why there are others.
    mutating func fail(_ reason: RowFault) {
        if case .unclosedQuote = reason { fault = nil }
        guard fault == nil else { return }
        fault = reason
        bytes.wipe()
        ends = []
    }

    /// Begins the next one; what there was is wiped.
    mutating func begin(at line: Int) {
        bytes.wipe()
        ends.removeAll(keepingCapacity: true)
        (self.line, fault) = (line, nil)
    }
}

/// Why a row of a file isn't a login; never what is in it.
package enum RowFault: Error, Equatable, Sendable {
    /// A quotation mark that is opened in it is never closed, so that everything to the file's last line belongs to it.
    case unclosedQuote(lastLine: Int)
    /// Something stands behind a quotation mark that closes a field.
    case strayQuote
    /// It has a NUL in it.
    case nul
    /// It is longer than any login.
    case tooLong
    /// It has more further URLs and string fields than can be told of one login.
    case tooManyFields
    /// It has more columns than any file of logins.
    case tooManyColumns
    /// It has another number of columns than the header.
    case columns(Int, expected: Int)
    /// It isn't UTF-8.
    case notUTF8
    /// It is of a kind that isn't a login.
    case kind
    /// There is nothing in it.
    case empty
    /// It lies in the recycle bin.
    case recycled
    /// It has the settings of the KeePassHttp plugin.
    case pluginSettings
}
