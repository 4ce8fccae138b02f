// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Logging
import Synchronization

/// What is logged.
final class CollectedLog: Sendable {
    private let collected = Mutex<[String]>([])
    private let stream = AsyncStream<String>.makeStream()

    /// The messages so far.
    var messages: [String] { collected.withLock { $0 } }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(log: self) }
    }

    /// Waits for the next message that nobody has waited for.
    func next() async throws -> String? {
        let messages = stream.stream
        return try await withDeadline(.seconds(60)) {
            for await message in messages { return message }
            return nil
        }
    }

    private struct Handler: LogHandler {
        let log: CollectedLog
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .debug

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            log.collected.withLock { $0.append(event.message.description) }
            log.stream.continuation.yield(event.message.description)
        }
    }
}
