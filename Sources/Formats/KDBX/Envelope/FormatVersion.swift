// SPDX-License-Identifier: Apache-2.0

/// The version of the file format.
package struct FormatVersion: Hashable, Sendable, Comparable {
    /// Major versions differ in how everything is laid out.
    package let major: UInt16
    /// Minor versions differ in which elements the document may have.
    package let minor: UInt16

    /// KDBX 3.1.
    package static let v3_1 = FormatVersion(major: 3, minor: 1)
    /// KDBX 4.0.
    package static let v4_0 = FormatVersion(major: 4, minor: 0)
    /// KDBX 4.1.
    package static let v4_1 = FormatVersion(major: 4, minor: 1)

    /// Orders by major, then minor.
    package static func < (left: FormatVersion, right: FormatVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }

    /// Whether the file has the layout of version 4: authenticated blocks, an inner header.
    var isModern: Bool { major >= 4 }

    // The file begins with
    //   0  4  0x9AA2D903
    //   4  4  0xB54BFB67, or 0xB54BFB66 before the first release, or 0xB54BFB65 in KeePass 1
    //   8  2  minor version
    //  10  2  major version
    static let firstSignature: UInt32 = 0x9AA2_D903
    static let secondSignature: UInt32 = 0xB54B_FB67
    private static let prereleaseSignature: UInt32 = 0xB54B_FB66
    private static let keePass1Signature: UInt32 = 0xB54B_FB65

    static func read(_ reader: inout ByteReader) throws(KDBXError) -> FormatVersion {
        // What is too short to be told from any other file doesn't count as a truncated KeePass file.
        guard reader.left >= 4, try reader.integer(UInt32.self) == firstSignature else { throw .notKDBX }
        switch try reader.integer(UInt32.self) {
        case secondSignature: break
        case keePass1Signature: throw .keePass1
        case prereleaseSignature: throw .unsupportedVersion(major: 2, minor: 0)
        default: throw .notKDBX
        }
        let minor = try reader.integer(UInt16.self)
        let version = FormatVersion(major: try reader.integer(UInt16.self), minor: minor)
        guard version == .v3_1 || version == .v4_0 || version == .v4_1 else {
            throw .unsupportedVersion(major: version.major, minor: version.minor)
        }
        return version
    }

    var encoded: [UInt8] {
        Self.firstSignature.littleEndianBytes + Self.secondSignature.littleEndianBytes
            + minor.littleEndianBytes + major.littleEndianBytes
    }
}
