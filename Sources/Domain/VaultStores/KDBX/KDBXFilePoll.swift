// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Linux
import Synchronization

/// Looks at a vault's file at each use, if inotify doesn't report what other machines write there, or not all of the
/// path to it can be watched.
final class KDBXFilePoll: Sendable {
    /// How long a use waits for that and for what comes of it; after that, what is known is served.
    let timeout: Duration

    private let path: String
    private let tellsChanges: @Sendable (String) -> Bool
    private let work = BlockingWork(label: "org.keybell.kdbx.looking")
    private let state = Mutex(State())

    private struct State {
        /// Whether its file system reports all changes, and all places where it could do so are watched.
        var (tellsAll, isWatched) = (true, true)
        var isLooking = false
        var stamp: FileStamp?
    }

    /// Looks at nothing until it begins.
    init(path: String, timeout: Duration, tellsChanges: @escaping @Sendable (String) -> Bool) {
        self.timeout = timeout
        self.path = path
        self.tellsChanges = tellsChanges
    }

    /// Whether it has to be looked at.
    var isNeeded: Bool { state.withLock { !$0.tellsAll || !$0.isWatched } }

    /// Takes note whether all of the path to the file is watched.
    func note(isWatched: Bool) {
        state.withLock { $0.isWatched = isWatched }
    }

    /// Takes note where the file is.
    func begin() async {
        let tellsAll = await work { [path, tellsChanges] in tellsChanges(path) }
        state.withLock { $0.tellsAll = tellsAll }
    }

    /// Whether the file differs from the last look; true at the first.
    ///
    /// Whoever comes meanwhile doesn't wait.
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
