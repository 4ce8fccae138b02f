// SPDX-License-Identifier: Apache-2.0

/// Paths as a process names them in its arguments.
enum AbsolutePath {
    /// The absolute path without `.`, `..` and doubled slashes, by its text alone.
    ///
    /// - Parameters:
    ///   - path: Absolute, or relative to the folder.
    ///   - folder: The process's current folder.
    /// - Returns: It; nil for an empty path, and for a relative one if the folder isn't known.
    static func text(_ path: some StringProtocol, in folder: String?) -> String? {
        guard let first = path.utf8.first else { return nil }
        guard first != UInt8(ascii: "/") else { return normalized(String(path)) }
        return folder.map { normalized("\($0)/\(path)") }
    }

    private static func normalized(_ path: String) -> String {
        var parts: [Substring.UTF8View] = []
        for part in Substring(path).utf8.split(separator: UInt8(ascii: "/"))
        where !part.elementsEqual(".".utf8) {
            if part.elementsEqual("..".utf8) { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.map { String(Substring($0)) }.joined(separator: "/")
    }
}
