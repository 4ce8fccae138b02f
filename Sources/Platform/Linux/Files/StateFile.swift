// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import FoundationEssentials
import Glibc

/// Why what is kept in a file can't be used.
package enum StateFileError: DiskError, Equatable, Sendable {
    /// The system says so.
    case unreadable(SystemCallError)
    /// It isn't such a file, or has another format.
    case senseless

    /// As the system says it of a network's disk.
    package static var tooSlow: StateFileError {
        .unreadable(SystemCallError(call: "read", code: ETIMEDOUT))
    }
}

/// What is kept in a file of the state folder, as JSON; there is no secret in it.
///
/// Numbers in it may have any value: anybody with an editor can write them.
package struct StateFile<Content: Codable & Sendable>: Sendable {
    /// Where it is.
    package let path: String
    private let folder: String
    /// How many bytes it may have.
    package let longest: Int

    /// The file of a name in a folder, which is made when something is written; a file that is longer counts as
    /// unusable.
    package init(_ name: String, in folder: String, longest: Int = 1 << 20) {
        self.folder = folder
        self.longest = longest
        path = folder + "/" + name
    }

    /// Reads it; nil where there is no file.
    package func read() throws(StateFileError) -> Content? {
        let bytes: [UInt8]
        do throws(SystemCallError) {
            bytes = try FileBytes.read(path, limit: longest)
        } catch {
            guard error.isNoSuchFile else { throw .unreadable(error) }
            return nil
        }
        do {
            return try JSONDecoder().decode(Content.self, from: Data(bytes))
        } catch {
            throw .senseless
        }
    }

    /// Reads it for a caller that can do without it; nil if there is none, or none that makes sense.
    package func readIfUsable() -> Content? {
        (try? read()) ?? nil  // what can't be used counts as missing
    }

    /// Writes it, in a folder and a file that are this user's alone.
    ///
    /// - Returns: Whether the disk has it for certain: else a crash of the system may bring the former one back.
    /// - Throws: The failing call's `errno`, or EINVAL of `encode` where the content can't be written as JSON, EFBIG where
    ///   it would be longer than what is read; the former one is untouched then.
    package func write(_ content: Content) throws(SystemCallError) -> Bool {
        let bytes = try Self.encoded(content)
        guard bytes.count <= longest else { throw SystemCallError(call: "encode", code: EFBIG) }
        try SafeFile.makeFolder(folder)
        return try SafeFile.write(bytes, to: path)
    }

    /// How many bytes a content has in the file; nil where it can't be written as JSON.
    package static func size(of content: Content) -> Int? {
        // The one error there is says just that.
        (try? encoded(content))?.count
    }

    private static func encoded(_ content: Content) throws(SystemCallError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        do {
            return try Array(encoder.encode(content))
        } catch {
            throw SystemCallError(call: "encode", code: EINVAL)
        }
    }
}
