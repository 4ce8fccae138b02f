// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Linux

/// Which program offered the keyring last, kept in the state folder: what was stored with one isn't in another.
package struct ProviderMemory: Sendable {
    /// What is kept.
    package struct Content: Codable, Equatable, Sendable {
        /// The program that was last seen.
        package var name: String
        /// The one before it, if there was another.
        package var former: String?
        /// Since when it is the last one, in seconds since 1970.
        package var since: Int64
    }

    private let file: StateFile<Content>

    /// What is remembered in a folder, which is made when something is written.
    package init(folder: String) {
        file = StateFile("keyring-provider.json", in: folder)
    }

    /// Reads it; nil if there is nothing: whoever wants it can do without it.
    package func read() -> Content? {
        file.readIfUsable()
    }

    /// Remembers a program, beside the thread that serves.
    ///
    /// - Returns: The one that was remembered, if it is another, and the disk says so in time.
    func takeIn(_ process: ProviderProcess) async -> String? {
        let name = process.name
        let former = await BlockingWork.state(within: .seconds(5)) { () -> String? in
            let known = read()
            guard known?.name != name else { return nil }
            do {
                _ = try file.write(Content(name: name, former: known?.name, since: CalendarTime.now))
            } catch {
                // It is told now; without the file a later start tells less.
            }
            return known?.name
        }
        return former ?? nil
    }
}
