// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Linux

/// The mutes that last, in a file of the state folder, so that the next daemon can take them up.
package struct MuteFile: Sendable {
    /// Why the file can't be used.
    package enum ReadError: Error, Equatable, Sendable {
        /// The system says so.
        case unreadable(SystemCallError)
        /// It is no file of mutes, or one of another format.
        case senseless
    }

    private struct Content: Codable {
        var format: Int
        var mutes: [KeptMute]
    }

    private static let format = 1
    private static let longest = 1 << 20

    private let folder: String
    private let path: String

    /// The file of a state folder.
    package init(folder: String) {
        self.folder = folder
        path = folder + "/mutes.json"
    }

    /// Reads it; no mutes where there is no file.
    package func read() throws(ReadError) -> [KeptMute] {
        let bytes: [UInt8]
        do throws(SystemCallError) {
            bytes = try FileBytes.read(path, limit: Self.longest)
        } catch {
            guard error.isNoSuchFile else { throw .unreadable(error) }
            return []
        }
        // What isn't ours, or isn't whole, makes no sense, whatever is wrong with it.
        guard let content = try? JSONDecoder().decode(Content.self, from: Data(bytes)),
            content.format == Self.format
        else { throw .senseless }
        return content.mutes
    }

    /// Writes it, readable for this user alone.
    ///
    /// - Throws: The failing call's `errno`.
    package func write(_ mutes: [KeptMute]) throws(SystemCallError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        // Texts and numbers always encode.
        let bytes = (try? encoder.encode(Content(format: Self.format, mutes: mutes))).map { Array($0) } ?? []
        try SafeFile.makeFolder(folder)
        try SafeFile.write(bytes, to: path)
    }
}

/// A mute as it outlives the daemon: the programs, until when, and what the person was asked when they muted them.
///
/// There is no secret in it, and nothing of an entry.
package struct KeptMute: Codable, Equatable, Sendable {
    /// One of the programs.
    struct Muted: Codable, Equatable, Sendable {
        var name: String
        var vouchedIDs: [String]
        var script: String?
    }

    /// The denied request's code, which ends the mute.
    var code: String
    /// In seconds since 1970, as all times here.
    var until: Int64
    var programs: [Muted]
    /// What was denied.
    var kind: String
    var client: String?
    var host: String?
    var vaults: [String]
    var isBulk: Bool
    var requestType: String?
    var asked: Int64
    var denied: Int64
    /// How many were denied unseen because of it.
    var unseen: Int
}
