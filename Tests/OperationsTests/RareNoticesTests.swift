// SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization
import Testing

@testable import Operations

/// What any program can have logged as often as it likes.
@Suite struct RareNoticesTests {
    private final class Lines: LogHandler, Sendable {
        let lines = Mutex<[String]>([])

        var metadata: Logger.Metadata {
            get { [:] }
            // Nobody sets any.
            set {}
        }
        var logLevel: Logger.Level {
            get { .trace }
            // Everything is kept.
            set {}
        }

        subscript(metadataKey _: String) -> Logger.Metadata.Value? {
            get { nil }
            // Nobody sets any.
            set {}
        }

        func log(event: LogEvent) {
            let more = (event.metadata ?? [:]).map { "\($0.key)=\($0.value)" }.sorted()
            lines.withLock { $0.append(([event.message.description] + more).joined(separator: " ")) }
        }
    }

    @Test func `the same is told once a minute with how often it was, and whatever else at once`() {
        let lines = Lines()
        let logger = Logger(label: "test") { _ in lines }
        let (notices, start) = (RareNotices(), ContinuousClock.now)
        for second in 0..<120 {
            notices.tell("refused", why: "a", .info, to: logger, at: start + .milliseconds(500) * second)
        }
        notices.tell("refused", why: "b", .info, to: logger, at: start)
        notices.tell("refused", why: "a", .info, to: logger, at: start + .seconds(60))
        #expect(lines.lines.withLock { $0 } == ["refused why=a", "refused why=b", "refused times=120 why=a"])
    }

    @Test func `whoever has ever new reasons gets no more lines for that`() {
        let lines = Lines()
        let logger = Logger(label: "test") { _ in lines }
        let (notices, start) = (RareNotices(), ContinuousClock.now)
        for number in 0..<5000 { notices.tell("refused", why: "\(number)", .info, to: logger, at: start) }
        #expect(lines.lines.withLock(\.count) < 300)
        notices.tell("refused", why: "later", .info, to: logger, at: start + .seconds(61))
        #expect(lines.lines.withLock(\.last) == "refused why=later")
    }
}
