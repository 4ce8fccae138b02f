// SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization
import TestSupport
import Testing

@testable import VaultStores

/// Files of which inotify doesn't tell all.
struct KDBXFileWatchTests {
    private final class Log: Sendable {
        let messages = Mutex<[String]>([])
    }

    private struct Warnings: LogHandler {
        let log: Log
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.warning

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let reason = event.metadata?["reason"]?.description ?? ""
            log.messages.withLock { $0.append(reason) }
        }
    }

    @Test func `what can't be watched is told once, until it is something else`() {
        let warnings = Log()
        var fileWatch = KDBXFileWatch(
            vault: "main",
            path: "/nonexistent/main.kdbx",
            logger: Logger(label: "test") { _ in Warnings(log: warnings) }
        )
        let told = [["/a: EACCES"], ["/a: EACCES"], ["/b: EACCES"], [], ["/b: EACCES"]].map {
            fileWatch.note(gaps: $0)
        }
        #expect(told == [false, false, false, true, false])
        #expect(warnings.messages.withLock { $0 } == ["/a: EACCES", "/b: EACCES", "/b: EACCES"])
        let isWatched = fileWatch.watch {}
        #expect(!isWatched)
    }

    @Test func `a file whose way isn't all watched is looked at when it is used`() async throws {
        let folder = try TemporaryFolder()
        let look = KDBXFilePoll(path: try folder.write("main.kdbx", "1"), timeout: .seconds(60)) { _ in true }
        await look.begin()
        #expect(!look.isNeeded)
        look.note(isWatched: false)
        #expect(look.isNeeded)
        _ = await look.findsAnother()
        #expect(await !look.findsAnother())
        _ = try folder.write("main.kdbx", "12")
        #expect(await look.findsAnother())
        look.note(isWatched: true)
        #expect(!look.isNeeded)
    }
}
