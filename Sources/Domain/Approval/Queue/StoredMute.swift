// SPDX-License-Identifier: Apache-2.0

package import Linux

/// The mutes that still hold, as a file in the state folder has them, so that the next daemon can take them over.
package struct StoredMutes: Codable, Equatable, Sendable {
    private enum CodingKeys: CodingKey {
        case format, mutes
    }

    private static let format = 1

    /// Each of them.
    package let mutes: [StoredMute]

    /// What is to be kept.
    package init(_ mutes: [StoredMute]) {
        self.mutes = mutes
    }

    /// As many of these as the file has room for, so that none costs the others: the longest are left out.
    package init(_ mutes: [StoredMute], within longest: Int) {
        let sizes = mutes.map { StateFile<StoredMutes>.size(of: StoredMutes([$0])) ?? .max }
        var room = longest
        let fitting = mutes.indices.sorted { sizes[$0] < sizes[$1] }.prefix { index in
            guard sizes[index] <= room else { return false }
            room -= sizes[index]
            return true
        }
        self.init(fitting.sorted().map { mutes[$0] })
    }

    /// Reads one of this format.
    package init(from decoder: any Decoder) throws {
        let content = try decoder.container(keyedBy: CodingKeys.self)
        guard try content.decode(Int.self, forKey: .format) == Self.format else {
            throw DecodingError.dataCorruptedError(forKey: .format, in: content, debugDescription: "")
        }
        mutes = try content.decode([StoredMute].self, forKey: .mutes)
    }

    /// Writes it in this format.
    package func encode(to encoder: any Encoder) throws {
        var content = encoder.container(keyedBy: CodingKeys.self)
        try content.encode(Self.format, forKey: .format)
        try content.encode(mutes, forKey: .mutes)
    }

    /// The file in which they are.
    package static func file(in folder: String) -> StateFile<StoredMutes> {
        StateFile("mutes.json", in: folder)
    }
}

/// A mute as it outlives the daemon: the programs, until when, and what the person was asked when they muted them.
///
/// There is no secret in it, and nothing of an entry.
package struct StoredMute: Codable, Equatable, Sendable {
    /// One of the programs.
    struct Muted: Codable, Equatable, Sendable {
        var name: String
        var vouchedIDs: [String]
        var script: String?
    }

    /// The denied request's code, which ends the mute.
    package var code: String
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
    /// How it was shown.
    var shown: StoredQuestionText?
}
