// SPDX-License-Identifier: Apache-2.0

/// Why a text isn't accepted as XML.
package enum XMLError: Error, Equatable, Sendable {
    /// It is not well-formed; the line is where the parser noticed.
    case malformed(line: Int)
    /// It has a document type declaration, and with it perhaps entities.
    case documentType
    /// Elements are nested deeper than anything sane.
    case tooDeep
    /// It is longer than the parser can count, or there is no memory for it.
    case tooLarge
    /// There is more in it than any program puts into a text of its length.
    case excessive(Document.Excess)
    /// A text in it has characters that XML 1.0 can't have, or isn't UTF-8.
    case unwritable
    /// The text to be written for an opaque content is missing.
    case sealed
}
