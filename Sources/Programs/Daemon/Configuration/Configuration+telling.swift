// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import FoundationEssentials
import Logging
import Settings

extension Configuration {
    private static let telling = BlockingWork(label: "org.keybell.configuration.advice")

    /// Says in the log what of the files that the configuration names should be put right, though they can be used; soon,
    /// for nobody waits for their disks.
    func tell(_ logger: Logger) {
        Self.telling.begin {
            let advice = advice(
                folders: .ofProcess(),
                path: ProcessInfo.processInfo.environment["PATH"] ?? "",
                now: CalendarTime.now
            )
            for item in advice {
                logger.warning("\(item.text). \(item.cure)", metadata: ["key": "\(item.key)"])
            }
        }
    }
}
