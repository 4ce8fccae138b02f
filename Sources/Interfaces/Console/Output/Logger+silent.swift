// SPDX-License-Identifier: Apache-2.0

import Logging

extension Logger {
    /// For a command: what goes wrong comes as an error, and a log on a terminal would say it twice.
    static var silent: Logger {
        Logger(label: "keybell") { _ in SwiftLogNoOpLogHandler() }
    }
}
