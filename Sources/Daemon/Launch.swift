// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Glibc
import Kernel

/// The way into the daemon.
package enum Launch {
    /// Runs `keybelld` with the arguments of this process, and exits.
    ///
    /// Everything runs on the house's own executor: the default one of Swift on Linux keeps a timer that never ends.
    package static func daemon() async -> Never {
        let command = DaemonCommand.parseOrExit()
        let status = await withTaskExecutorPreference(TaskQueue.shared) {
            await command.status(environment: ProcessInfo.processInfo.environment)
        }
        exit(status)
    }
}
