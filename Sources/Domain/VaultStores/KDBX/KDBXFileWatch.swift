// SPDX-License-Identifier: Apache-2.0

import Linux
import Logging

/// The watch on a vault's file while the vault is open or being opened, and the flags that say whether it has to be read again.
///
/// It reads nothing by itself: that is `KDBXStore`'s business.
struct KDBXFileWatch {
    private let vault: String
    private let path: String
    private let logger: Logger
    private var watch: FileWatch?
    /// Which parts of the path to the file aren't watched, as logged.
    private var gaps: [String] = []
    /// Whether a reading is queued already; it will see everything that changes until it begins.
    private var isRereadWanted = false
    /// Whether the file changed while it was being opened.
    private var hasChangedMeanwhile = false

    /// One that doesn't watch yet.
    init(vault: String, path: String, logger: Logger) {
        self.vault = vault
        self.path = path
        self.logger = logger
    }

    /// Watches the file that the path leads to now.
    ///
    /// - Parameter changed: Called whenever it has changed, on any thread.
    /// - Returns: Whether all changes are reported; otherwise the file has to be looked at.
    mutating func watch(_ changed: @escaping @Sendable () -> Void) -> Bool {
        do throws(SystemCallError) {
            let watch = try FileWatch(path, changed: changed)
            self.watch = watch
            return note(gaps: watch.gaps.map(\.description))
        } catch {
            return note(gaps: ["\(error)"])
        }
    }

    /// Logs what isn't watched, each time that this changes.
    ///
    /// - Returns: Whether all is watched.
    mutating func note(gaps: [String]) -> Bool {
        defer { self.gaps = gaps }
        if !gaps.isEmpty, gaps != self.gaps {
            logger.warning(
                "Not all of the way to the vault's file can be watched: the file is looked at whenever it is used",
                metadata: ["vault": "\(vault)", "reason": "\(gaps.joined(separator: ", "))"]
            )
        }
        return gaps.isEmpty
    }

    /// Watches no more.
    mutating func stop() {
        watch = nil
    }

    /// Takes note of a change; false if a reading is queued already.
    mutating func requestReading() -> Bool {
        defer { isRereadWanted = true }
        return !isRereadWanted
    }

    /// A reading begins: what changes from now on needs another one.
    mutating func readingBegins() {
        isRereadWanted = false
    }

    /// The file is opened from now on.
    mutating func openingBegins() {
        hasChangedMeanwhile = false
    }

    /// What is being opened may have been read before a change.
    mutating func changedWhileOpening() {
        hasChangedMeanwhile = true
    }

    /// Whether the file has to be read again, now that it is open.
    var isOutdated: Bool { hasChangedMeanwhile }
}
