// SPDX-License-Identifier: Apache-2.0

import Linux

/// Writes `[http] port` into the person's configuration file.
package enum OwnPort {
    /// Why it wasn't written; ready to be shown.
    package struct Failure: Error, Equatable, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// Sets the port, and leaves every other line as it was.
    ///
    /// The new text is parsed before it is written: unless it says the same as before except for the port, nothing is
    /// written.
    package static func set(_ port: Int, folders: Folders) throws(Failure) {
        let file = folders.configurationFile
        var bytes: [UInt8] = []
        do throws(SystemCallError) {
            bytes = try FileBytes.read(file, followsLinks: true)
        } catch {
            guard error.isNoSuchFile else {
                throw Failure(description: "\(file) can't be read: \(error.words)")
            }
        }
        guard let former = String(validating: bytes, as: UTF8.self) else {
            throw Failure(description: "\(file) is not in UTF-8, so it is left as it was: save it in UTF-8.")
        }
        let text = text(setting: port, in: former)
        do throws(ConfigurationError) {
            var wanted = try Configuration.parse(former, file: file, folders: folders)
            wanted.http.port = port
            guard try Configuration.parse(text, file: file, folders: folders) == wanted else {
                throw .invalid(file: file, key: "http.port", message: "set it to \(port) by hand")
            }
        } catch {
            throw Failure(description: "\(error)")
        }
        do throws(SystemCallError) {
            try SafeFile.makeFolder(folders.configuration)
            // One that isn't there yet is written where it is named.
            try SafeFile.write(Array(text.utf8), to: (try? FileBytes.resolved(file)) ?? file)
        } catch {
            throw Failure(description: "\(file) can't be written: \(error.words)")
        }
    }

    /// The text with the port in its table `[http]`, which is made where there is none.
    static func text(setting port: Int, in text: String) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        func word(_ line: String) -> String { line.filter { $0 != " " && $0 != "\t" } }
        guard let table = lines.firstIndex(where: { word($0).hasPrefix("[http]") }) else {
            return "[http]\nport = \(port)\n" + (text.isEmpty ? "" : "\n" + text)
        }
        let end = lines[(table + 1)...].firstIndex { word($0).hasPrefix("[") } ?? lines.endIndex
        if let line = lines[table..<end].firstIndex(where: { word($0).hasPrefix("port=") }) {
            lines[line] = "port = \(port)"
        } else {
            lines.insert("port = \(port)", at: table + 1)
        }
        return lines.joined(separator: "\n")
    }
}
