// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import DisplayText
import FoundationEssentials
import Linux
package import Logging

/// The daemon's log: each entry as one line on standard error, as the journal likes it.
///
/// Under systemd a line begins with its priority (`<6>`, sd-daemon(3)), for the journal has a time of its own.
/// What clients send can't begin another line, nor end its field: control characters are gone, and quotes escaped.
package struct StandardErrorLog: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level = .info
    private let writesPriority: Bool
    private static let lines = LogLineQueue { count in
        let isJournal = Journal.isStandardError(in: ProcessInfo.processInfo.environment)
        return start(.warning, writesPriority: isJournal) + "lines of the log were lost count=\(count)\n"
    } write: { line in
        StandardStream.error.write(line)
    }

    /// Creates a handler; `environment` says whether standard error is the journal's.
    package init(environment: [String: String]) {
        writesPriority = Journal.isStandardError(in: environment)
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var line = Self.start(event.level, writesPriority: writesPriority)
        line.reserveCapacity(512)
        line += PlainText.line(event.message.description, limit: 1000)
        let own = event.metadata ?? [:]
        let values = metadata.isEmpty ? own : metadata.merging(own) { _, new in new }
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            line += " "
            line += key
            line += "="
            line += PlainText.logValue(value.description)
        }
        line += "\n"
        // Whoever logs may be who serves: it waits for nobody who reads.
        Self.lines.append(line)
    }

    /// Waits a moment for what is still to be written; to be called before the process ends.
    static func flush() async {
        await lines.flush(within: StopTimes.log)
    }

    private static func start(_ level: Logger.Level, writesPriority: Bool) -> String {
        writesPriority ? "<\(level.priority)>" : "keybelld: \(level.word)"
    }
}

extension Logger.Level {
    /// The priority of syslog(3).
    fileprivate var priority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    fileprivate var word: String {
        switch self {
        case .trace, .debug, .info, .notice: ""
        case .warning: "warning: "
        case .error, .critical: "error: "
        }
    }
}
