// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Linux

/// Which program offered the keyring last, kept in the state folder: what was stored with one isn't in another.
package struct ProviderMemory: Sendable {
    /// What is kept: a line each.
    package struct Content: Equatable, Sendable {
        /// The program that was last seen.
        package var name: String
        /// The one before it, if there was another.
        package var former: String?
        /// Since when it is the last one, in seconds since 1970.
        package var since: Int64
    }

    private let folder: String
    private var path: String { folder + "/keyring-provider" }

    /// What is remembered in a folder, which is made when something is written.
    package init(folder: String) {
        self.folder = folder
    }

    /// Reads it; nil if there is nothing: whoever wants it can do without it.
    package func read() -> Content? {
        // As said above.
        guard let bytes = try? FileBytes.read(path, limit: 16 << 10) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(
            separator: "\n",
            omittingEmptySubsequences: false
        ).map(String.init)
        guard lines.count >= 3, !lines[0].isEmpty, let since = Int64(lines[1]) else { return nil }
        return Content(name: lines[0], former: lines[2].isEmpty ? nil : lines[2], since: since)
    }

    /// Remembers a program, beside the thread that serves.
    ///
    /// - Returns: The one that was remembered, if it is another.
    func takeIn(_ process: ProviderProcess) async -> String? {
        let name = process.name
        return await BlockingWork.state { () -> String? in
            let known = read()
            guard known?.name != name else { return nil }
            let text = "\(name)\n\(CalendarTime.now)\n\(known?.name ?? "")\n"
            do {
                try SafeFile.makeFolder(folder)
                try SafeFile.write(Array(text.utf8), to: path)
            } catch {
                // It is told now; without the file a later start tells less.
            }
            return known?.name
        }
    }
}
