// SPDX-License-Identifier: Apache-2.0

import Glibc
import Linux
import TOMLKit

extension Configuration {
    /// Reads the configuration file: the one at `path`, else the person's own, which may be absent.
    ///
    /// A file that is named but can't be found is an error.
    package static func load(
        path: String? = nil,
        folders: Folders = .ofProcess()
    ) throws(ConfigurationError) -> Configuration {
        try loadIfThere(path: path, folders: folders) ?? Configuration()
    }

    /// The same; nil where the person has no file of their own.
    package static func loadIfThere(
        path: String? = nil,
        folders: Folders = .ofProcess()
    ) throws(ConfigurationError) -> Configuration? {
        let file = path ?? folders.configurationFile
        guard file != "/dev/null" else { return Configuration() }
        let bytes: [UInt8]
        do throws(FileTrustError) {
            bytes = try FileTrust.read(file, home: folders.home)
        } catch .unreadable(let error) where error.isNoSuchFile {
            // Somebody has put it there, so that the defaults aren't what is wanted: its disk may not be mounted yet.
            if let link = FileBytes.danglingLink(onTheWayTo: file) {
                throw .unreadable(
                    file: file,
                    reason: "\(link == file ? "is" : "\(link) is") a link to something that isn't there"
                )
            }
            if path == nil { return nil }
            throw Self.refusal(.unreadable(error), file: file)
        } catch {
            throw Self.refusal(error, file: file)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .unreadable(file: file, reason: "is not UTF-8 text")
        }
        return try parse(text, file: file, folders: folders)
    }

    /// Reads a configuration from its text; `file` is what errors name.
    package static func parse(
        _ text: String,
        file: String,
        folders: Folders
    ) throws(ConfigurationError) -> Configuration {
        if let place = SyntaxScan.mistake(in: text) {
            throw .syntax(
                file: file,
                line: place.line,
                column: place.column,
                message: place.message
            )
        }
        let document: TOMLTable
        do {
            document = try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            let place = error.source.begin
            let hint = lacksQuotes(in: text, line: place.line) ? " (texts stand in quotes)" : ""
            throw .syntax(
                file: file,
                line: place.line,
                column: place.column,
                message: error.description + hint
            )
        } catch {
            throw .unreadable(file: file, reason: "is not TOML")
        }
        do throws(KeyProblem) {
            return try Configuration(reading: TableReader(document), folders: folders)
        } catch {
            throw .invalid(file: file, key: error.key, message: error.message)
        }
    }

    /// Whether the value in a line looks like a text without quotes, such as `ask = never`.
    private static func lacksQuotes(in text: String, line: Int) -> Bool {
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.indices.contains(line - 1), let sign = lines[line - 1].firstIndex(of: UInt8(ascii: "="))
        else { return false }
        let value = lines[line - 1][sign...].dropFirst().drop { $0 == 0x20 || $0 == 0x09 }
        guard let first = value.first, !value.starts(with: "true".utf8), !value.starts(with: "false".utf8)
        else { return false }
        switch first {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "~"),
            UInt8(ascii: "/"), UInt8(ascii: "$"), UInt8(ascii: "*"):
            return true
        default: return false
        }
    }

    private static func refusal(_ error: FileTrustError, file: String) -> ConfigurationError {
        switch error {
        case .writable(let place): .exposed(file: file, place: place, owner: nil)
        case .foreign(let place, let uid): .exposed(file: file, place: place, owner: uid)
        case .unreadable(let error): .unreadable(file: file, reason: reason(for: error.code))
        }
    }

    private static func reason(for code: Int32) -> String {
        switch code {
        case ENOENT, ENOTDIR: "no such file"
        case EACCES: "no permission to read it"
        case EISDIR: "is a folder"
        case EFBIG: "is far too long for a configuration"
        default: "can't be read"
        }
    }
}
