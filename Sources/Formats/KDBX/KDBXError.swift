// SPDX-License-Identifier: Apache-2.0

import XMLTree

/// Why a file can't be read or written, in terms of what can be done about it.
package enum KDBXError: Error, Equatable, Sendable {
    /// It isn't a KeePass file at all.
    case notKDBX
    /// It is a file of KeePass 1, to be converted with KeePass or KeePassXC.
    case keePass1
    /// Its version isn't 3.1, 4.0 or 4.1.
    case unsupportedVersion(major: UInt16, minor: UInt16)
    /// It is encrypted with a cipher that nobody here knows; the identifier in hex.
    case unsupportedCipher(String)
    /// Its key derivation is one that nobody here knows; the identifier in hex.
    case unsupportedKeyDerivation(String)
    /// Its protected values are encrypted in a way that nobody here knows.
    case unsupportedInnerStream(UInt32)
    /// It is compressed in a way that nobody here knows.
    case unsupportedCompression(UInt32)
    /// Its key derivation would take more than the limits allow.
    case tooCostly(Cost)
    /// It is, or would be once decompressed, larger than the limits allow.
    case tooLarge
    /// There is more in it than a file of its size should have.
    case excessive(Excess)
    /// It ends too early.
    case truncated
    /// It was altered or broken after it had been written.
    case damaged(Part)
    /// The password, the key file or both are not the file's.
    case wrongKey
    /// Neither a password nor a key file was given.
    case noKey
    /// The key file itself is of no use.
    case keyFile(KeyFileFault)
    /// The derivation was ended, or the task that reads was cancelled.
    case cancelled
    /// There is no such entry or group in it.
    case notFound
    /// A text has characters that no file can have, or two strings of an entry would have one name.
    case unwritable
    /// A library refused, mostly for lack of memory.
    case failed

    /// What was too much about a key derivation.
    package enum Cost: String, Equatable, Sendable {
        /// The bytes of memory.
        case memory
        /// The rounds or passes.
        case rounds
        /// The threads.
        case threads
        /// The time, which was up before it was done.
        case time

        /// What is to be said of a file, with the setting that allows more.
        package func sentence(_ limits: KDBXLimits) -> String {
            switch self {
            case .memory:
                "takes more memory to open than max_kdf_memory_mib (\(limits.argon2Memory >> 20)) allows; raise it in [unlock] of the configuration if you trust the file."
            case .rounds, .time:
                "takes longer to open than max_kdf_seconds (\(limits.seconds)) allows; raise it in [unlock] of the configuration if you trust the file."
            case .threads:
                "takes more than \(limits.argon2Threads) threads to open; lower the parallelism in the program that made it."
            }
        }
    }

    /// What there is too much of in a file, in words.
    package enum Excess: String, Equatable, Sendable {
        /// Bytes once decompressed.
        case content
        /// Elements of the document.
        case elements
        /// Attributes of an element.
        case attributes
        /// Declarations of namespaces.
        case namespaces
        /// Different names of elements, or their length.
        case names = "names of elements"
        /// The depth of elements in elements.
        case depth = "levels of elements"
        /// Fields of a header.
        case fields = "fields in its header"
    }

    /// Which part of a file is not as it was written, in words.
    package enum Part: String, Equatable, Sendable {
        /// A field of the header, or its length.
        case header = "in its header"
        /// The header as a whole against its checksum.
        case headerHash = "its header isn't the one that it was saved with"
        /// A dictionary within the header.
        case dictionary = "in a list in its header"
        /// A block of the content.
        case block = "in a block of its content"
        /// The content after decryption: padding or compression.
        case content = "its content can't be unpacked"
        /// The header within the content.
        case innerHeader = "in the header of its content"
        /// The document: not XML, or not a KeePass database.
        case document = "its content is no KeePass database"
        /// A protected value.
        case protectedValue = "in a protected value"
        /// The document has a NUL in it, which XML can't have.
        case nullCharacter = "there is a NUL character in a field"
    }

    /// What is wrong with a key file, in words.
    package enum KeyFileFault: String, Equatable, Sendable {
        /// It is an XML key file of an unknown version.
        case version = "its version isn't known"
        /// It is an XML key file without a readable key.
        case malformed = "there is no readable key in it"
        /// Its key does not match its own checksum.
        case checksum = "its key doesn't fit its checksum"
        /// It is empty.
        case empty = "it is empty"
    }
}

extension KDBXError {
    /// What an error of the document means for the file.
    init(_ error: XMLError) {
        switch error {
        case .malformed, .documentType: self = .damaged(.document)
        case .tooDeep: self = .excessive(.depth)
        case .tooLarge: self = .tooLarge
        case .excessive(.elements): self = .excessive(.elements)
        case .excessive(.attributes): self = .excessive(.attributes)
        case .excessive(.namespaces): self = .excessive(.namespaces)
        case .excessive(.names): self = .excessive(.names)
        case .excessive(.encoding): self = .damaged(.document)
        case .unwritable: self = .unwritable
        case .sealed: self = .failed
        }
    }
}
