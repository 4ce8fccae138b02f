// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Logging
import Synchronization
import Testing

@testable import HTTPServer

@Suite struct RareNoticeTests {
    @Test func `what happens all the time is told once in a while, with how often it was`() {
        var notice = RareNotice()
        let start = ContinuousClock.now
        let first = notice.take(at: start)
        #expect(first == 1)
        for number in 1..<1000 {
            let again = notice.take(at: start + .milliseconds(number))
            #expect(again == nil)
        }
        let later = notice.take(at: start + RareNotice.pause)
        #expect(later == 1000)
        let once = notice.take(at: start + RareNotice.pause * 3)
        #expect(once == 1)
    }

    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    private struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            let count = event.metadata?["connections"].map { " \($0)" } ?? ""
            lines.all.withLock { $0.append("\(event.message)\(count)") }
        }
    }

    @Test func `each reason why connections are closed is told by itself`() {
        let lines = Lines()
        let log = AdmissionLog(logger: Logger(label: "test") { _ in Handler(lines: lines) })
        let start = ContinuousClock.now
        for number in 0..<500 {
            for reason in [AdmissionLog.Reason.foreign, .vanished] {
                log.note(reason, at: start + .milliseconds(number))
            }
        }
        log.note(.foreign, at: start + RareNotice.pause)
        let (foreign, vanished) = (
            AdmissionLog.Reason.foreign.rawValue, AdmissionLog.Reason.vanished.rawValue
        )
        #expect(lines.all.withLock { $0 } == [foreign, vanished, "\(foreign) 500"])
    }
}
