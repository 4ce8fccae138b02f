// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Linux
import Synchronization

/// Looks at a vault's file at each use, where inotify doesn't tell of what other machines write there, or not all of the
/// way to it can be watched.
final class KDBXFilePoll: Sendable {
    /// How long a use waits for that and for what comes of it; then what is known is served.
    static let timeout = Duration.seconds(5)

    private let path: String
    private let tellsChanges: @Sendable (String) -> Bool
    private let work = BlockingWork(label: "org.keybell.kdbx.looking")
    private let state = Mutex(State())

    private struct State {
        /// Whether its file system tells of all changes, and all places are watched that it could do so for.
        var (tellsAll, isWatched) = (true, true)
        var isLooking = false
        var stamp: FileStamp?
    }

    /// Looks at nothing before it begins.
    init(path: String, tellsChanges: @escaping @Sendable (String) -> Bool) {
        self.path = path
        self.tellsChanges = tellsChanges
    }

    /// Whether it has to be looked at.
    var isNeeded: Bool { state.withLock { !$0.tellsAll || !$0.isWatched } }

    /// Hears whether all of the way to the file is watched.
    func note(isWatched: Bool) {
        state.withLock { $0.isWatched = isWatched }
    }

    /// Sees where the file is.
    func begin() async {
        let tellsAll = await work { [path, tellsChanges] in tellsChanges(path) }
        state.withLock { $0.tellsAll = tellsAll }
    }

    /// Whether the file is another than at the last look; true at the first.
    ///
    /// Who comes meanwhile waits for nothing.
    func findsAnother() async -> Bool {
        let isFree = state.withLock { state in
            defer { state.isLooking = true }
            return !state.isLooking
        }
        guard isFree else { return false }
        let stamp = await work { [path] in FileStamp(path) }
        return state.withLock { state in
            state.isLooking = false
            guard let stamp, stamp != state.stamp else { return false }
            state.stamp = stamp
            return true
        }
    }
}
