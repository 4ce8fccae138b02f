// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import TOMLKit

extension Configuration {
    /// Reads the configuration file: the one at `path`, else the person's own, which may be absent.
    ///
    /// A file that is named and can't be found is an error.
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
        let bytes: Data
        do {
            bytes = try Data(contentsOf: URL(filePath: file))
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile && path == nil {
            return nil
        } catch {
            throw .unreadable(file: file, reason: reason(for: error))
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
        let document: TOMLTable
        do {
            document = try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            let place = error.source.begin
            throw .syntax(file: file, line: place.line, column: place.column, message: error.description)
        } catch {
            throw .unreadable(file: file, reason: "is not TOML")
        }
        do throws(KeyProblem) {
            return try Configuration(reading: TableReader(document), folders: folders)
        } catch {
            throw .invalid(file: file, key: error.key, message: error.message)
        }
    }

    private static func reason(for error: any Error) -> String {
        switch (error as? CocoaError)?.code {
        case .fileReadNoSuchFile: "no such file"
        case .fileReadNoPermission: "no permission to read it"
        default: "can't be read"
        }
    }
}
