// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Logging
import Settings

extension Configuration {
    /// Says in the log what of the files that the configuration names should be put right, though they can be used.
    func tell(_ logger: Logger, environment: [String: String]) {
        let advice = advice(
            folders: .ofProcess(),
            path: environment["PATH"] ?? "",
            now: CalendarTime.now
        )
        for item in advice { logger.warning("\(item.text). \(item.cure)", metadata: ["key": "\(item.key)"]) }
    }
}
