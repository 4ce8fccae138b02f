// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory

/// Where an interpreter looks for the modules that it runs, such as Java's class path: part of what a person allows.
struct ModuleSearchPaths {
    /// As the arguments have them: places with colons between them, of which an empty one is the current folder.
    private var lists: [String] = []

    /// The longest list that is written out; of anything longer, or of several, there is a digest.
    private static let longest = 1024

    /// Whether none are named.
    var isEmpty: Bool { lists.isEmpty }

    /// Takes one option's value.
    mutating func add(_ list: String) {
        lists.append(list)
    }

    /// All of them as one text.
    ///
    /// - Parameter folder: The process's current folder, for relative places.
    /// - Returns: The same text for the same places alone; nil if a relative place can't be told.
    func text(in folder: String?) -> String? {
        let places = lists.map {
            $0.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        }
        let isAbsolute = places.allSatisfy { $0.allSatisfy { $0.first == UInt8(ascii: "/") } }
        guard isAbsolute || folder != nil else { return nil }
        let count = places.reduce(0) { $0 + $1.count }
        let length =
            lists.reduce(0) { $0 + $1.utf8.count } + (isAbsolute ? 0 : count * (folder?.utf8.count ?? 0))
        // What couldn't be told from other places isn't written out either.
        if length <= Self.longest, places.count == 1, !lists.joined().utf8.contains(UInt8(ascii: " ")) {
            return places.joined()
                .compactMap { $0.isEmpty ? folder : AbsolutePath.text(Substring($0), in: folder) }
                .joined(separator: ":")
        }
        let parts = (isAbsolute ? [] : [folder ?? ""]) + lists
        let digest = Digest.sha256(parts.flatMap { Array("\($0.utf8.count):".utf8) + Array($0.utf8) })
        return "classpath:" + Hex.text(digest.prefix(16))
    }
}
